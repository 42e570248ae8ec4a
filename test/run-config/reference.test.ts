import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runConfigJsonSchema } from '../../src/config/json-schema.ts';
import type { JsonSchemaNode } from '../../src/config/json-schema.ts';
import { configReference } from '../../tools/generate-config-reference.ts';

describe('docs/configuration.md', () => {
  it('is what the schema says (node tools/generate-config-reference.ts)', () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/configuration.md'), 'utf8');
    expect(page).toBe(configReference());
  });
});

describe('the JSON Schema', () => {
  const undescribed = (path: string, node: JsonSchemaNode): readonly string[] => [
    ...Object.entries(node.properties ?? {}).flatMap(([name, field]) =>
      (field.description ? [] : [`${path}.${name}`]).concat(undescribed(`${path}.${name}`, field)),
    ),
    ...(node.items ? undescribed(`${path}[]`, node.items) : []),
    ...(node.anyOf ?? []).flatMap((form) => undescribed(path, form)),
  ];

  it('describes every field, and allows no others', () => {
    const schema = runConfigJsonSchema();
    expect(undescribed('', schema)).toEqual([]);
    expect(schema.additionalProperties).toBe(false);
    expect(schema.required?.toSorted()).toEqual(['issuer', 'upstreams']);
  });

  it('has every top-level field of ToolHive’s RunConfig v0.1.0', () => {
    const fields =
      'schema_version issuer authorization_endpoint_base_url signing_key_config hmac_secret_files token_lifespans ' +
      'delegation_token_lifespan upstreams scopes_supported baseline_client_scopes allowed_audiences storage ' +
      'disable_upstream_token_injection cimd insecure_allow_http trusted_issuers allow_confidential_client_registration ' +
      'insecure_allow_confidential_over_loopback_http force_confidential_redirect_uris delegate_clients';
    expect(Object.keys(runConfigJsonSchema().properties ?? {})).toEqual(
      expect.arrayContaining(fields.split(' ')),
    );
  });
});
