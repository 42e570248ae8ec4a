import type { UserinfoConfig } from './config.ts';
import type { Findings, Path } from './problems.ts';
import { itemsOf, textsOf } from './resolving.ts';
import type { Userinfo } from '../profiles/settings.ts';
import type { Sieved } from './shape.ts';
import { checkUrl } from './urls.ts';
import type { UrlRules } from './urls.ts';

/** Reads a userinfo section. `null`: there is none, or it has no good endpoint. */
export function resolveUserinfo(
  section: Sieved<Userinfo> | undefined,
  context: { readonly path: Path; readonly findings: Findings; readonly rules: UrlRules },
): UserinfoConfig | null {
  const { path, findings, rules } = context;
  if (section?.endpoint_url === undefined) return null;
  const complaint = checkUrl(section.endpoint_url, rules);
  if (complaint) findings.refuse([...path, 'endpoint_url'], complaint);
  const mapping = section.field_mapping;
  const verified = itemsOf(mapping?.email_verified_fields).map(({ item }) => item);
  checkBody(section, { path: [...path, 'body'], findings });
  return {
    endpoint: section.endpoint_url,
    method: section.http_method ?? 'GET',
    additionalHeaders: checkHeaders(section.additional_headers, {
      path: [...path, 'additional_headers'],
      findings,
    }),
    subjectFields: fields(mapping?.subject_fields, 'sub'),
    nameFields: fields(mapping?.name_fields, 'name'),
    emailFields: fields(mapping?.email_fields, 'email'),
    ...(verified.length > 0 && { emailVerifiedFields: verified }),
    ...(section.body !== undefined && { body: section.body }),
  };
}

/** A list that is there replaces the default entirely. */
function fields(list: readonly (string | undefined)[] | undefined, usual: string): readonly string[] {
  const named = itemsOf(list).flatMap(({ item }) => (item === '' ? [] : [item]));
  return named.length > 0 ? named : [usual];
}

function checkBody(
  { body, http_method: method }: Sieved<Userinfo>,
  { path, findings }: { readonly path: Path; readonly findings: Findings },
): void {
  if (body === undefined) return;
  if (method !== 'POST') findings.refuse(path, { problem: 'needs POST', fix: 'add http_method: POST' });
  try {
    JSON.parse(body);
  } catch {
    findings.refuse(path, { problem: 'is not JSON', fix: 'write JSON in one text, in single quotes' });
  }
}

/** Names are tokens, and values hold no line breaks (RFC 9110 §5). */
function checkHeaders(
  headers: Sieved<Record<string, string>> | undefined,
  { path, findings }: { readonly path: Path; readonly findings: Findings },
): Readonly<Record<string, string>> {
  const entries = textsOf(headers);
  for (const [name, value] of entries) {
    const good = /^[!#$%&'*+.^_`|~\da-z-]+$/i.test(name) && /^[\t\x20-\x7e\x80-\xff]*$/.test(value);
    if (!good)
      findings.refuse([...path, name], {
        problem: 'is not an HTTP header',
        fix: 'write a name of letters, digits and hyphens, and a value in one line',
      });
  }
  return Object.fromEntries(entries);
}
