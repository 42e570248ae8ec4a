import type { ProviderSettings } from './settings.ts';
import type { VariableName } from './variables.ts';

/** What the operator fills in for a profile. */
export interface Variable {
  /** What it is, as the operator would look for it. */
  readonly about: string;
  /** A regular expression for the whole value. */
  readonly pattern: string;
  readonly example: string;
  /** Taken when the file says nothing. A variable without one, and not optional, is demanded where it is used. */
  readonly usual?: string;
  /** Settings that hold it are left out when the file says nothing. */
  readonly optional?: true;
}

/** A form of the same provider: its settings go over the profile's own when every variable has one of these values. */
export interface Variant {
  /** As a sentence begins: "A custom authorization server". */
  readonly about: string;
  /** `given`: whatever the file says, as long as it says something. */
  readonly when: Readonly<Partial<Record<VariableName, 'given' | readonly string[]>>>;
  readonly settings: ProviderSettings;
}

/** A fact that public documentation does not settle. */
export interface Unverified {
  /** A path in this profile, such as `settings.refresh_scope`. */
  readonly what: string;
  readonly note: string;
}

/** Hosts where people have accounts that nobody at the operator's gave them. */
export interface OpenAccounts {
  /** What people call the place. */
  readonly name: string;
  /** These, and everything below them. */
  readonly hosts: readonly string[];
  /** Only where the path begins with one of these: tenants that take everybody's people. */
  readonly tenants?: readonly string[];
}

/** A claim that looks like a stable id, and can change for the same person. */
export interface ChangingSubject {
  /** Only where the issuer's path begins with this. */
  readonly issuerPath: string;
  readonly claim: string;
  /** Why, as a sentence without its end. */
  readonly about: string;
  readonly fix: string;
}

/** What a configuration of an operator's own has beside client id, secret and variables. */
export interface Example {
  /** A rule about who may sign in, of the kind that this provider's word is good for. */
  readonly access: Readonly<Record<string, readonly string[]>>;
  readonly settings?: ProviderSettings;
}

/** One provider as data. Later variants go over earlier ones, and the file goes over all. */
export interface Profile {
  readonly name: string;
  readonly title: string;
  /** What the profile is for and what it does that the generic one would not, in a sentence or two. */
  readonly about: string;
  readonly variables: Readonly<Partial<Record<VariableName, Variable>>>;
  readonly settings: ProviderSettings;
  readonly variants?: readonly Variant[];
  /** Hosts by which a file without a profile is told that there is this one; `*.` is anything below. */
  readonly recognise?: readonly string[];
  /** Scopes that it answers with an error. */
  readonly refusedScopes?: readonly string[];
  readonly changingSubject?: ChangingSubject;
  readonly openAccounts?: OpenAccounts;
  readonly example: Example;
  readonly refreshTokens: {
    /** What brings one. */
    readonly from: string;
    /** Without one of these scopes, and all of these parameters of the authorization request, there is none. */
    readonly needs?: {
      readonly scopes?: readonly string[];
      readonly params?: Readonly<Record<string, string>>;
    };
    /** What a refresh does to it. */
    readonly rotation: string;
    /** What it means when there is none. */
    readonly missing: string;
  };
  readonly setUp: {
    /** Where it is done. */
    readonly at: string;
    /** What to click and what to paste; `{redirect_uri}` is ours. */
    readonly steps: readonly string[];
  };
  readonly limits: readonly string[];
  /** Public pages that the facts are from. */
  readonly documentation: readonly string[];
  readonly unverified: readonly Unverified[];
}
