import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { beforeAll, describe, expect, it } from 'vitest';
import { auditEvents } from '../../src/observe/audit/event.ts';
import { Endpoint } from '../proxy/endpoint.ts';
import { post, toolCall } from '../tool-scopes/calls.ts';
import { Exposition } from './exposition.ts';

const read = (path: string): string => readFileSync(join(import.meta.dirname, '../..', path), 'utf8');
/** Every metric that an expression asks for. */
const asked = (text: string): readonly string[] => [
  ...new Set(text.match(/\b(?:sallyport|process|nodejs)_[a-z_]+(?=[{[ )]|$)/g)),
];

let numbers: Exposition;

beforeAll(async () => {
  const endpoint = await Endpoint.start({
    proxy: { tools: { '*': [], write: ['email'] } },
    config: { limits: { pages_per_minute: 1 } },
  });
  const { stack } = endpoint;
  const { access_token, clientId, refresh_token } = await stack.signIn();
  await stack.refresh(clientId, refresh_token);
  await endpoint.call(access_token);
  const plain = await stack.signIn({ scope: 'openid' });
  await post(endpoint, plain.access_token, toolCall('write'));
  await stack.call('/oauth/authorize?client_id=https://app.example.com/client.json');
  for (let time = 0; time < 2; time += 1)
    await stack.auth.handle({
      method: 'GET',
      path: '/connections',
      query: '',
      headers: {},
      remoteAddress: '93.184.0.1',
      text: () => Promise.resolve(''),
    });
  await stack.auth.metrics();
  numbers = new Exposition(await stack.auth.metrics());
  await endpoint.close();
});

describe('docs/metrics.md', () => {
  it('has a row for each metric that there is, with its type and labels, and for no other', () => {
    const rows = [...read('docs/metrics.md').matchAll(/^\| `(\w+)` \| (\w+) \|([^|]*)\|/gm)].map(
      ([, name = '', type = '', labels = '']) => ({
        name,
        type,
        labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label = '']) => label),
      }),
    );
    const real = [...numbers.families.values()].map(({ name, type, samples }) => ({
      name,
      type,
      labels: Object.keys(samples[0]?.labels ?? {}).filter((label) => label !== 'le'),
    }));
    const byName = (a: { name: string }, b: { name: string }): number => a.name.localeCompare(b.name);
    expect(rows.toSorted(byName)).toEqual(real.toSorted(byName));
  });
});

describe.each(['deploy/grafana/sallyport.json', 'deploy/prometheus/sallyport.rules.yaml'])('%s', (path) => {
  const expressions = (): readonly string[] => {
    // YAML includes JSON.
    const document: unknown = parse(read(path));
    const found: string[] = [];
    JSON.stringify(document, (key, value: unknown) => {
      if (key === 'expr' && typeof value === 'string') found.push(value);
      return value;
    });
    return found;
  };

  it('asks only for metrics that exist', () => {
    const names = expressions().flatMap(asked);
    expect(names.length).toBeGreaterThan(10);
    const known = new Set([...numbers.families.keys(), ...numbers.samples.map(({ name }) => name)]);
    expect(names.filter((name) => !known.has(name))).toEqual([]);
  });

  it('names only labels and events that exist', () => {
    const problems = expressions().flatMap((expression) =>
      [...expression.matchAll(/(\w+)\{([^}]*)\}/g)].flatMap(([, name = '', inside = '']) => {
        const own = numbers.samples.filter((sample) => sample.name === name);
        const labels = new Set(own.flatMap((sample) => Object.keys(sample.labels)));
        return [...inside.matchAll(/(\w+)=~?"([^"]*)"/g)]
          .filter(([, label = '']) => label !== 'instance' && !labels.has(label))
          .map(([, label]) => `${name}: ${label}`);
      }),
    );
    expect(problems).toEqual([]);
    const events = expressions().flatMap((text) =>
      [...text.matchAll(/event=(~?)"([^"]*)"/g)].flatMap(([, isPattern, value = '']) =>
        isPattern ? value.split('|') : [value],
      ),
    );
    const known = Object.keys(auditEvents);
    expect(events.filter((event) => !known.some((name) => new RegExp(`^${event}$`).test(name)))).toEqual([]);
  });
});
