import type { ClientKeys } from '../client.ts';

/** What we take from a client's document: checked, and cut down to what we serve. Never changes once it is made. */
export interface ClientDocument {
  /** Its address, which is the client's id. */
  readonly clientId: string;
  /** As the client calls itself. Never trust it. */
  readonly name: string;
  readonly redirectUris: readonly string[];
  /** Of those that we serve. */
  readonly grantTypes: readonly string[];
  readonly authMethod: 'none' | 'private_key_jwt';
  /** It offers `none` beside `private_key_jwt`: it may prove itself, and need not. */
  readonly proofOptional: boolean;
  readonly keys: ClientKeys | null;
  /** As it names them; `null`: it names none. */
  readonly scopes: readonly string[] | null;
  readonly applicationType: 'native' | 'web';
  readonly softwareId: string | null;
  /** An https address of a picture. */
  readonly logoUri: string | null;
  /** What it is once somebody is found to have signed its statement (RFC 7591 §2.3); `null`: it has none that could be used. */
  readonly stated: StatedDocument | null;
}

/** A statement about a document, and the document with what is stated in the place of what it says itself. */
export interface StatedDocument {
  /** Nobody has looked at its signature. */
  readonly statement: string;
  readonly document: ClientDocument;
}
