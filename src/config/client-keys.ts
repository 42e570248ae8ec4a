import type { JWK } from 'jose';
import type { StaticClientConfig } from './config.ts';
import { loadFile, textOf } from './files.ts';
import type { Path } from './problems.ts';
import type { Resolving } from './resolving.ts';
import type { ClientSection } from './schema-ours.ts';
import type { Sieved } from './shape.ts';
import { checkUrl } from './urls.ts';

type Place = Pick<Resolving, 'io' | 'findings'> & { readonly path: Path };

/** Public keys of a client, or of who vouches for one: in the configuration, in a file, or where the client publishes them. `null`: it has none, or a problem says why. */
export async function resolveClientKeys(
  section: Sieved<Pick<ClientSection, 'jwks' | 'jwks_file' | 'jwks_uri' | 'allow_private_ips'>>,
  place: Place,
): Promise<StaticClientConfig['keys']> {
  const { jwks, jwks_file: file, jwks_uri: uri } = section;
  const given = Object.entries({ jwks, jwks_file: file, jwks_uri: uri }).filter(
    ([, value]) => value !== undefined,
  );
  const [, second] = given;
  if (second)
    place.findings.refuse([...place.path, second[0]], {
      problem: 'is there beside another place of its keys',
      fix: 'write one of jwks, jwks_file and jwks_uri',
    });
  if (section.allow_private_ips && uri === undefined)
    place.findings.refuse([...place.path, 'allow_private_ips'], {
      problem: 'is about jwks_uri, and there is none',
      fix: 'remove it',
    });
  if (jwks !== undefined) return readKeys(jwks, { ...place, path: [...place.path, 'jwks'] });
  if (file !== undefined) return fromFile(file, { ...place, path: [...place.path, 'jwks_file'] });
  if (uri === undefined) return null;
  const complaint = checkUrl(uri, { allowHttp: false });
  if (complaint) place.findings.refuse([...place.path, 'jwks_uri'], complaint);
  return complaint ? null : { jwksUri: uri };
}

async function fromFile(file: string, place: Place): Promise<StaticClientConfig['keys']> {
  const bytes = await loadFile(file, place);
  if (bytes === null) return null;
  try {
    return readKeys(JSON.parse(textOf(bytes) ?? ''), place);
  } catch {
    place.findings.refuse(place.path, {
      problem: `the file ${file} is not JSON`,
      fix: 'put the set of keys there: {"keys": [ … ]}',
    });
    return null;
  }
}

function readKeys(value: unknown, { findings, path }: Place): StaticClientConfig['keys'] {
  const keys = typeof value === 'object' && value !== null && 'keys' in value ? value.keys : null;
  if (!Array.isArray(keys) || keys.length === 0 || !keys.every(isKey)) {
    findings.refuse(path, {
      problem: 'is not a set of keys',
      fix: 'write {"keys": [ … ]} with at least one public key (RFC 7517 §5)',
    });
    return null;
  }
  const secret = keys.some((key) => key.kty === 'oct' || Object.hasOwn(key, 'd'));
  if (secret)
    findings.refuse(path, {
      problem: 'holds a private or shared key, which only its owner may have',
      fix: 'take out everything but the public part, and replace the key: others have seen it',
    });
  return secret ? null : { jwks: { keys } };
}

function isKey(value: unknown): value is JWK {
  return typeof value === 'object' && value !== null && 'kty' in value && typeof value.kty === 'string';
}
