/** Reads the audit events out of their types: what they are called, what they say, and what the comments tell. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync } from 'oxc-parser';
import type { Comment, TSSignature, TSType } from 'oxc-parser';

export interface AuditField {
  readonly name: string;
  /** As TypeScript writes it. */
  readonly type: string;
  readonly comment: string;
}

export interface AuditEventSchema {
  readonly name: string;
  readonly comment: string;
  /** Beside those of the envelope. */
  readonly fields: readonly AuditField[];
}

interface Declaration {
  readonly comment: string;
  readonly members: readonly TSSignature[];
}

/** The events in the order of `AuditDetails`. @throws {TypeError} when the file is not written as this reader expects */
export function readAuditSchema(): readonly AuditEventSchema[] {
  const reader = new Reader(readFileSync(join(import.meta.dirname, '../src/observe/audit/event.ts'), 'utf8'));
  return reader.properties(reader.interface('AuditDetails').members).map(({ name, comment, node }) => ({
    name,
    comment,
    fields: reader.fieldsOf(node),
  }));
}

class Reader {
  readonly #source: string;
  readonly #comments: readonly Comment[];
  readonly #interfaces: Map<string, Declaration> = new Map();
  readonly #aliases: Map<string, string> = new Map();

  constructor(source: string) {
    const { program, comments } = parseSync('event.ts', source);
    this.#source = source;
    this.#comments = comments;
    for (const statement of program.body) {
      const node = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement;
      if (node?.type === 'TSTypeAliasDeclaration')
        this.#aliases.set(node.id.name, this.#text(node.typeAnnotation));
      if (node?.type !== 'TSInterfaceDeclaration') continue;
      const inherited = node.extends.flatMap(({ expression }) =>
        expression.type === 'Identifier' ? this.interface(expression.name).members : [],
      );
      const members = [...inherited, ...node.body.body];
      this.#interfaces.set(node.id.name, { comment: this.#commentBefore(statement.start), members });
    }
  }

  interface(name: string): Declaration {
    const found = this.#interfaces.get(name);
    if (!found) throw new TypeError(`event.ts has no interface ${name} before its use`);
    return found;
  }

  properties(members: readonly TSSignature[]): readonly { name: string; comment: string; node: TSType }[] {
    return members.map((member) => {
      if (member.type !== 'TSPropertySignature' || member.key.type !== 'Identifier' || !member.typeAnnotation)
        throw new TypeError('event.ts: only plain properties are expected');
      const comment = this.#commentBefore(member.start);
      return { name: member.key.name, comment, node: member.typeAnnotation.typeAnnotation };
    });
  }

  /** Of an interface's name, an object written in place, or several of both joined by `&`. */
  fieldsOf(node: TSType): readonly AuditField[] {
    if (node.type === 'TSIntersectionType') return node.types.flatMap((part) => this.fieldsOf(part));
    const members = node.type === 'TSTypeLiteral' ? node.members : this.interface(this.#text(node)).members;
    return this.properties(members).map((property) => ({
      name: property.name,
      comment: property.comment,
      type: this.#aliases.get(this.#text(property.node)) ?? this.#text(property.node),
    }));
  }

  #text({ start, end }: { readonly start: number; readonly end: number }): string {
    return this.#source.slice(start, end).replaceAll(/\s+/g, ' ').replace(/^\| /, '');
  }

  /** The text of the comment that ends where a declaration begins. */
  #commentBefore(start: number): string {
    const comment = this.#comments.findLast(({ end }) => end <= start);
    if (!comment || this.#source.slice(comment.end, start).trim() !== '') return '';
    return comment.value
      .replaceAll(/^\s*\*+ ?/gm, '')
      .replaceAll(/\s+/g, ' ')
      .trim();
  }
}
