import { parseLossless } from '../oauth/lossless-json.ts';
import { SallyportError } from '../types/error.ts';
import { explainAccess } from '../upstream/access/explain.ts';
import type { AccessExplanation } from '../upstream/access/explain.ts';
import { isRecord } from '../upstream/identity.ts';
import type { Command, Given } from './command.ts';
import { noWords, runCommand, textOption } from './command.ts';
import { UsageError } from './command-io.ts';
import type { CommandIo } from './command-io.ts';
import { configuredOptions, loadWritten } from './configured.ts';
import { plainJson } from './table.ts';

const usage = `usage: sallyport access test -c FILE --claims FILE [--upstream NAME] [--client ID] [--resource URL] [--json]

  Explains what the access rules of a configuration say about somebody: each rule, and each of its keys.

  -c, --config FILE  the configuration
  --claims FILE      JSON object with the claims of an ID token or of userinfo, as the provider would send them
  --upstream NAME    where they come from; needed when there are several
  --client ID        the client that asks, for rules that look at it
  --resource URL     what it asks for; by default what clients get that do not say
  --json             the explanation as JSON

exit code: 0 allowed, 1 refused, 2 it could not be found out
`;

const command: Command = {
  usage,
  actions: {
    test: {
      options: {
        ...configuredOptions,
        claims: { type: 'string' },
        upstream: { type: 'string' },
        client: { type: 'string' },
        resource: { type: 'string' },
        json: { type: 'boolean' },
      },
      run: test,
    },
  },
};

/** `sallyport access …`. @returns the exit code */
export function runAccessCommand(args: readonly string[], io: CommandIo): Promise<number> {
  return runCommand(command, args, io);
}

async function test(given: Given, io: CommandIo): Promise<number> {
  noWords(given);
  const file = textOption(given, 'claims');
  if (file === undefined) throw new UsageError('say whose claims to test: --claims FILE');
  try {
    const config = await loadWritten(given, io);
    const explanation = await explainAccess(config, {
      claims: await readClaims(file, io),
      upstream: textOption(given, 'upstream'),
      client: textOption(given, 'client'),
      resource: textOption(given, 'resource'),
    });
    io.stdout(given.options['json'] === true ? asJson(explanation) : asText(explanation));
    return explanation.decision.allowed ? 0 : 1;
  } catch (error) {
    if (!(error instanceof SallyportError)) throw error;
    // Not 1: whatever asks must not take a mistake for a refusal.
    io.stderr(`sallyport: ${error.message}\n`);
    return 2;
  }
}

async function readClaims(file: string, io: CommandIo): Promise<Readonly<Record<string, unknown>>> {
  const bytes = await io.readFile(file).catch((cause: unknown) => {
    throw new SallyportError('config_invalid', `${file} cannot be read`, { cause });
  });
  const claims = parse(new TextDecoder().decode(bytes));
  if (claims) return claims;
  throw new SallyportError('config_invalid', `${file} is not a JSON object with claims`);
}

function parse(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value = parseLossless(text);
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

function asJson({ decision, identity, client, resource }: AccessExplanation): string {
  const { upstream, subject, email, emailVerified } = identity;
  const asked = { upstream, subject, email, email_verified: emailVerified, client, resource };
  return plainJson({ ...decision, asked });
}

function asText({ decision, identity, resource }: AccessExplanation): string {
  const { upstream, subject, email, emailVerified } = identity;
  const address = email === null ? 'no e-mail' : `${email} (${emailVerified ? '' : 'not '}verified)`;
  const lines = [
    decision.allowed ? 'allowed' : `refused: ${decision.reason}`,
    `  ${subject} of ${upstream}, ${address}, for ${resource}`,
    ...decision.rules.flatMap(({ rule, held, keys }) => [
      `  ${rule}: ${held ? 'holds' : 'does not hold'}`,
      ...keys.map((key) => `    ${key.held ? 'yes' : 'no '} ${key.key}${key.held ? '' : `: ${key.why}`}`),
    ]),
  ];
  // Claims are somebody else's text, and this is a terminal.
  return lines.map((line) => `${line.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '�')}\n`).join('');
}
