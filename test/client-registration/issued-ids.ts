/** Ids that were given out. A change of their encoding would log out everybody who holds one: never edit a row, only add. */
import { createSecretKey } from 'node:crypto';
import type { Registration } from '../../src/clients/client-id.ts';
import type { MacKey } from '../../src/crypto/hmac.ts';

/** What the ids were made with. */
export const issuingKey: MacKey = { key: createSecretKey(Buffer.alloc(32, 7)) };

export const issuedIds: readonly { readonly id: string; readonly registration: Registration }[] = [
  {
    id: 'sp_c1_D7pLJRdrqZPEFzzoHgJ2IAXBMQ6AIBAEwL9svYHDxsTOdxAKRBKJF7zi9P3O5IzL3bYY07IGCRJSbFX1qO1GIXYzMFEoxGN9jhPErD6-Ds5XlVJ-',
    registration: {
      redirectUris: ['http://127.0.0.1/callback'],
      name: 'App',
      grantTypes: ['authorization_code', 'refresh_token'],
      authMethod: 'none',
      anySecretMethod: false,
      scopes: ['openid'],
      applicationType: 'native',
      nonce: null,
      secretExpiresAt: 0,
      softwareId: null,
      vouched: false,
    },
  },
  {
    id: 'sp_c1_FZ3P5y8Ft7T9ZTZfMZmvQ3WMsQ7CMAxE_8WzqcOalc-oOhgrIlLdJIodRfw9EkWCheWGe_duXUFGt9ojEZentZx6Ws7qckijysMzCaveWXZAyO7NItGc87NbpB7Ej1Tc6K8SibQKa67mX7Yh3N4fgFcMGLAM1Z8I2ws',
    registration: {
      redirectUris: [
        'cursor://anysphere.cursor-mcp/oauth/callback',
        'https://www.cursor.com/agents/mcp/oauth/callback',
        'http://localhost/callback',
      ],
      name: 'Cursor',
      grantTypes: ['authorization_code', 'refresh_token'],
      authMethod: 'none',
      anySecretMethod: false,
      scopes: null,
      applicationType: null,
      nonce: null,
      secretExpiresAt: 0,
      softwareId: null,
      vouched: false,
    },
  },
  {
    id: 'sp_c1_3UjoIdNoPCYNc1pm5t_S-S3GwQqCQBAA0F-JOQ_ueszbqgVBIJ7FwzgNKc3moBvb50fgO71hgDkl2yvnyKyQL0VTKXiNjkl1In7BiO-PKnos0SNEtmoTepz-yduSBBCyTIAQwqUJub_WT741_Xpvg-_aDFie_WH8AQ',
    registration: {
      redirectUris: ['https://app.example.com/callback'],
      name: null,
      grantTypes: ['authorization_code'],
      authMethod: 'client_secret_basic',
      anySecretMethod: false,
      scopes: ['mcp:read', 'mcp:write'],
      applicationType: 'web',
      nonce: 'AAECAwQFBgcICQoLDA0ODw',
      secretExpiresAt: 1900000000,
      softwareId: null,
      vouched: false,
    },
  },
  {
    id: 'sp_c1_GqSX-K7Vmg1TZ7TyYsbd34uOVsooKSkottLXLy8v1ytILSrISa3ILKnUS8zUL0otLtFPzs_LS00uyczPK9bPTywtyYhPTszJSUpMzlaK1VEKgGtQ0jHUMdIx1MkrzcmBEEqOjq7OjuWBbk7pyZ7Ogfk-Lo4G_i7lSjqGlgZQEAsA',
    registration: {
      redirectUris: ['https://www.perplexity.ai/rest/connections/oauth_callback'],
      name: 'Perplexity',
      grantTypes: ['authorization_code', 'refresh_token'],
      authMethod: 'client_secret_post',
      anySecretMethod: true,
      scopes: null,
      applicationType: null,
      nonce: 'AAECAwQFBgcICQoLDA0ODw',
      secretExpiresAt: 1900000000,
      softwareId: null,
      vouched: false,
    },
  },
  {
    id: 'sp_c3_ths4LnXI3qHhN0KLrJa1Xo2NvQrCMBhFX0Xu_JGfShGzKQqCg0LHkCGmJYaEGCRWRXx3oeLucDmc5Vytca61KM5ls2CCCSa5symdrIswhC74HLKf2VJAkuYkKN9SImRbwzjga-IH_UKsTygc9kcQ3HWEwrZv2lYuQXhAYX13uz8HQgw9FC55AMEmP9U23QpvM12aDw',
    registration: {
      redirectUris: ['http://127.0.0.1/callback'],
      name: 'Signing app',
      grantTypes: ['authorization_code', 'refresh_token'],
      authMethod: 'private_key_jwt',
      anySecretMethod: false,
      scopes: null,
      applicationType: 'native',
      nonce: null,
      secretExpiresAt: 0,
      softwareId: null,
      vouched: false,
      keys: {
        jwks: {
          keys: [
            {
              kty: 'OKP',
              crv: 'Ed25519',
              x: 'BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc',
              kid: 'one',
              alg: 'EdDSA',
            },
          ],
        },
      },
    },
  },
  {
    id: 'sp_c3_fmxAtjnCcQh0zmHnyMpVyU2MOQqAQAwAvyKpY5K1EXyIjVjEuCCY1QUPfL4oCDbTDDNdB9O-54Y5VDUJCQU2dR_UZugR2vWwKY6F5gwYUFBwOdx_EAS1FMsAn3uPW8N8PjHFS1P2SLYm6G8',
    registration: {
      redirectUris: ['http://127.0.0.1/callback'],
      name: 'Vouched app',
      grantTypes: ['authorization_code', 'refresh_token'],
      authMethod: 'none',
      anySecretMethod: false,
      scopes: null,
      applicationType: null,
      nonce: null,
      secretExpiresAt: 0,
      softwareId: 'acme-1',
      vouched: false,
      voucher: 'https://vouch.example.com',
    },
  },
  {
    id: 'sp_c3_D4-7LyUYhIxvUAsuir2jETWMQQqEMAwAvyI5h6R1Dwu-wrt4iKWs1VgDrbs-X1D2NMxhZhhgrtU6Zt--yZEjz0FUJwkrjAj9MWkqc8qfRswAPb7QYT5UEbLU9I3wmPvj_pWOWcwonrKZRgr7xstvLbSUPT_FeAE',
    registration: {
      redirectUris: ['http://127.0.0.1/callback'],
      name: 'Publishing app',
      grantTypes: ['authorization_code', 'refresh_token'],
      authMethod: 'private_key_jwt',
      anySecretMethod: false,
      scopes: null,
      applicationType: 'native',
      nonce: null,
      secretExpiresAt: 0,
      softwareId: null,
      vouched: false,
      keys: { jwksUri: 'https://app.example.com/jwks.json' },
    },
  },
];
