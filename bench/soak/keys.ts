import { generateKeyPairSync } from 'node:crypto';
import { copyFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Names in `signing_key_config`. */
export const keyFiles = { signing: 'signing.pem', previous: 'previous.pem' } as const;

/** The first two keys. */
export async function makeKeys(folder: string): Promise<void> {
  await writeFile(join(folder, keyFiles.signing), newPem(), { mode: 0o600 });
  await writeFile(join(folder, keyFiles.previous), newPem(), { mode: 0o600 });
}

/** A new key under the name of the one that signs, which becomes the previous one. Each file changes in one moment. */
export async function rotateKeys(folder: string): Promise<void> {
  const draft = join(folder, 'draft');
  await copyFile(join(folder, keyFiles.signing), draft);
  await rename(draft, join(folder, keyFiles.previous));
  await writeFile(draft, newPem(), { mode: 0o600 });
  await rename(draft, join(folder, keyFiles.signing));
}

function newPem(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' });
}
