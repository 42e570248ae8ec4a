import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import type { Milliseconds } from '../types/time.ts';

/** Bytes. Configurations, keys, secrets and certificates are far smaller. */
const maxBytes = 4_194_304;

/** How long a pipe may say nothing before it has ended, and how often it is asked. */
const patience: Milliseconds = 5000;
const interval: Milliseconds = 20;

/**
 * Reads a file that an operator named, whatever it has become meanwhile: a running gateway reads its files again, and one
 * that never ends, or a pipe that nobody writes to, must cost an error and nothing else. Pipes with a writer are fine.
 * @throws node's own error; `EFBIG` for more than 4 MiB, `ETIMEDOUT` for a pipe that says nothing for 5 s
 */
export async function readFileBounded(path: string): Promise<Buffer> {
  // Opening a pipe would otherwise wait for its writer, and keep one of node's few threads for it.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const chunks: Buffer[] = [];
    for (let size = 0; size <= maxBytes;) {
      const chunk = await readSome(file, path);
      if (chunk.length === 0) return Buffer.concat(chunks);
      chunks.push(chunk);
      size += chunk.length;
    }
    throw failure('EFBIG', `${path} is larger than ${maxBytes} bytes`);
  } finally {
    await file.close();
  }
}

/** Empty at the end. */
async function readSome(file: FileHandle, path: string): Promise<Buffer> {
  const room = Buffer.allocUnsafeSlow(65_536);
  for (let waited = 0; waited < patience; waited += interval) {
    try {
      const { bytesRead } = await file.read(room, 0, room.length, null);
      return room.subarray(0, bytesRead);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
    }
    await wait(interval);
  }
  throw failure('ETIMEDOUT', `${path} said nothing for ${patience} ms`);
}

function failure(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
