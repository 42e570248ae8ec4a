import type { Milliseconds } from '../types/time.ts';

/** Room for a record; grows with the largest one. Bytes. */
const initialRoom = 4096;

/** Of base64url: ids of 12 and 16 bytes, hashes of 32. */
const lengths: ReadonlySet<number> = new Set([16, 22, 43]);

/** Bytes of a prefix's length. */
const prefixHead = 4;

/** Bytes of a moment: whole milliseconds until the year 10889. */
const momentWidth = 6;

/**
 * Writes the fields of a record into one string of bytes (latin1): a record as an object of strings takes three times as
 * much memory as what it says. {@link Unpacker} reads the same fields in the same order.
 */
export class Packer {
  #room = Buffer.allocUnsafeSlow(initialRoom);
  #end = 0;

  /** Begins with another record, also when the last one failed half way. */
  begin(): this {
    this.#end = 0;
    return this;
  }

  /** Hashes and random ids, which are base64url, take three quarters of their length; anything else its UTF-8. */
  text(value: string): this {
    this.#reserve(5 + 3 * value.length);
    const room = this.#room;
    // Most texts are shorter than 64 bytes, whose length takes one byte; written first, and moved when it takes more.
    const start = this.#end + 1;
    const written = lengths.has(value.length) ? room.write(value, start, 'base64url') : 0;
    if (written > 0 && room.toString('base64url', start, start + written) === value) {
      return this.#close(written, 1);
    }
    return this.#close(room.write(value, start), 0);
  }

  bytes(value: Uint8Array): this {
    this.#reserve(5 + value.length);
    this.#room.set(value, this.#end + 1);
    return this.#close(value.length, 0);
  }

  moment(value: Milliseconds): this {
    this.#reserve(momentWidth);
    this.#end = this.#room.writeUIntBE(value, this.#end, momentWidth);
    return this;
  }

  /** A whole number from 0 to 2³²−1. @throws {RangeError} for any other: what it left would be read as another record */
  count(value: number): this {
    if (value >>> 0 !== value) throw new RangeError(`${value} is no count`);
    this.#reserve(5);
    let rest = value;
    while (rest > 127) {
      this.#room[this.#end++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.#room[this.#end++] = rest;
    return this;
  }

  /** A prefix that {@link resume} takes over as it is: its length stands before it. */
  prefix(write: (packer: Packer) => void): this {
    const head = this.#end;
    this.#reserve(prefixHead);
    this.#end += prefixHead;
    write(this);
    this.#room.writeUInt32BE(this.#end, head);
    return this;
  }

  /** Begins with the prefix of another record, which was written with {@link prefix} first of all. */
  resume(packed: string): this {
    this.begin().#reserve(packed.length);
    this.#room.write(packed, 'latin1');
    this.#end = this.#room.readUInt32BE(0);
    return this;
  }

  /** The whole record. */
  end(): string {
    return this.#room.toString('latin1', 0, this.#end);
  }

  /** Puts the length, and one bit about the form, before the bytes that stand one byte ahead. */
  #close(length: number, form: 0 | 1): this {
    const start = this.#end + 1;
    const head = length * 2 + form;
    if (head > 127) this.#room.copyWithin(this.#end + widthOf(head), start, start + length);
    this.count(head);
    this.#end += length;
    return this;
  }

  #reserve(length: number): void {
    if (this.#end + length <= this.#room.length) return;
    const larger = Buffer.allocUnsafeSlow(2 * (this.#end + length));
    this.#room.copy(larger, 0, 0, this.#end);
    this.#room = larger;
  }
}

/** Bytes that {@link Packer.count} takes. */
function widthOf(value: number): number {
  return Math.max(1, Math.ceil((32 - Math.clz32(value)) / 7));
}

/** Reads what {@link Packer} wrote. */
export class Unpacker {
  #room = Buffer.allocUnsafeSlow(initialRoom);
  #at = 0;

  /** Begins with another record. */
  open(packed: string): this {
    if (packed.length > this.#room.length) this.#room = Buffer.allocUnsafeSlow(2 * packed.length);
    this.#room.write(packed, 'latin1');
    this.#at = 0;
    return this;
  }

  /** Goes into a prefix. */
  prefix(): this {
    this.#at += prefixHead;
    return this;
  }

  text(): string {
    const head = this.count();
    const start = this.#at;
    this.#at += head >>> 1;
    return this.#room.toString((head & 1) === 1 ? 'base64url' : 'utf8', start, this.#at);
  }

  /** The caller owns the bytes. */
  bytes(): Uint8Array {
    const start = this.#skip(this.count() >>> 1);
    return Buffer.from(this.#room.subarray(start, this.#at));
  }

  moment(): Milliseconds {
    return this.#room.readUIntBE(this.#skip(momentWidth), momentWidth);
  }

  count(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.#room[this.#at++] ?? 0;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  }

  #skip(length: number): number {
    const start = this.#at;
    this.#at += length;
    return start;
  }
}
