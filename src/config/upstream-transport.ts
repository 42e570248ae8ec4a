import { X509Certificate, createPrivateKey } from 'node:crypto';
import { Secret } from '../types/secret.ts';
import { loadFile, textOf } from './files.ts';
import type { Path } from './problems.ts';
import type { Resolving } from './resolving.ts';
import type { UpstreamSection } from './schema-upstreams.ts';
import { loadSecret } from './secrets.ts';
import type { Sieved } from './shape.ts';
import type { ClientKey, UpstreamTransport } from './upstream-settings.ts';

interface Place {
  readonly resolving: Pick<Resolving, 'io' | 'findings'>;
  readonly path: Path;
}

type Section = Sieved<UpstreamSection>;
type FileField =
  | 'ca_file'
  | 'client_certificate_file'
  | 'client_certificate_key_file'
  | 'client_key_file'
  | 'client_key_certificate_file';

/** Reads the key of `private_key_jwt`. `null`: there is none, or it is refused. */
export async function loadClientKey(
  section: Section,
  audience: ClientKey['audience'],
  place: Place,
): Promise<ClientKey | null> {
  const pem = await loadPem(section, 'client_key_file', place);
  const certificate = await loadPem(section, 'client_key_certificate_file', place);
  const { client_key_file: origin, client_key_id: keyId = null } = section;
  for (const field of ['client_key_id', 'client_key_certificate_file'] as const) {
    if (section[field] !== undefined && origin === undefined)
      place.resolving.findings.refuse([...place.path, field], {
        problem: 'is there without client_key_file',
        fix: 'add client_key_file, or remove it',
      });
  }
  checkPair(section, ['client_key_certificate_file', 'client_key_file'], {
    ...place,
    cert: certificate,
    key: pem,
  });
  if (pem === null || origin === undefined) return null;
  return { pem: { pem: new Secret(pem), origin }, keyId, certificate, audience };
}

/** Reads how we get to the upstream. */
export async function loadTransport(section: Section, place: Place): Promise<UpstreamTransport> {
  const ca = await loadPem(section, 'ca_file', place);
  const cert = await loadPem(section, 'client_certificate_file', place);
  const key = await loadPem(section, 'client_certificate_key_file', place);
  const pair = ['client_certificate_file', 'client_certificate_key_file'] as const;
  for (const [field, other] of [pair, [pair[1], pair[0]] as const]) {
    if (section[field] !== undefined && section[other] === undefined)
      place.resolving.findings.refuse([...place.path, other], {
        problem: `is missing, and ${field} is there`,
        fix: `add ${other}, or remove ${field}`,
      });
  }
  checkPair(section, pair, { ...place, cert, key });
  return {
    ca,
    clientCertificate: cert !== null && key !== null ? { cert, key: new Secret(key) } : null,
    proxy: await loadProxy(section, place),
  };
}

/** A certificate of another key is found out here, and not by the provider. */
function checkPair(
  section: Section,
  [field, keyField]: readonly [FileField, FileField],
  pair: Place & { readonly cert: string | null; readonly key: string | null },
): void {
  const { cert, key, resolving, path } = pair;
  if (cert === null || key === null) return;
  if (new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) return;
  resolving.findings.refuse([...path, field], {
    problem: `the file ${section[field]} holds a certificate of another key than ${keyField} does`,
    fix: 'name a certificate and its own key',
  });
}

async function loadProxy(section: Section, { resolving, path }: Place): Promise<UpstreamTransport['proxy']> {
  const { outbound_proxy: url } = section;
  const { findings } = resolving;
  const credentials = await loadSecret(section, { ...resolving, path, secret: 'outbound_proxy_credentials' });
  if (url === undefined) {
    if (credentials.r !== 'none')
      findings.refuse([...path, 'outbound_proxy'], {
        problem: 'is missing, and there are credentials for it',
        fix: 'add outbound_proxy: http://proxy.example.com:3128, or remove them',
      });
    return null;
  }
  const parsed = URL.parse(url);
  const good = parsed !== null && /^https?:$/u.test(parsed.protocol) && !/[?#]/u.test(url);
  if (!good || parsed.pathname !== '/' || parsed.username !== '' || parsed.password !== '') {
    findings.refuse([...path, 'outbound_proxy'], {
      problem: 'is not the address of a proxy',
      fix: 'write http://host:port; user and password go into outbound_proxy_credentials_file',
    });
    return null;
  }
  if (credentials.r !== 'ok') return { url, authorization: null };
  const pair = credentials.secret.reveal();
  if (!pair.includes(':')) {
    const file = section.outbound_proxy_credentials_file === undefined ? 'env_var' : 'file';
    findings.refuse([...path, `outbound_proxy_credentials_${file}`], {
      problem: 'does not lead to user:password',
      fix: 'put user and password there, with a colon between them',
    });
  }
  const authorization = new Secret(`Basic ${Buffer.from(pair).toString('base64')}`);
  return { url, authorization };
}

const isReadable: Readonly<Record<'certificate' | 'private key', (pem: string) => unknown>> = {
  certificate: (pem) => new X509Certificate(pem),
  'private key': (pem) => createPrivateKey(pem),
};

/** A file that cannot be what it must be is found out here, and not at the first sign-in. */
async function loadPem(
  section: Section,
  field: FileField,
  { resolving, path }: Place,
): Promise<string | null> {
  const file = section[field];
  if (file === undefined) return null;
  const bytes = await loadFile(file, { ...resolving, path: [...path, field] });
  if (bytes === null) return null;
  const pem = textOf(bytes);
  const what = field.endsWith('key_file') ? 'private key' : 'certificate';
  try {
    if (pem !== null) {
      isReadable[what](pem);
      return pem;
    }
  } catch {
    // Said below, without the library's words: they may quote the file.
  }
  resolving.findings.refuse([...path, field], {
    problem: `the file ${file} holds no ${what} in PEM`,
    fix: 'write the path of a PEM file, without a passphrase',
  });
  return null;
}
