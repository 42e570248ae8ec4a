import { describe, expect, it } from 'vitest';
import { CookieJar } from '../../examples/demo/cookie-jar.ts';

const now = Date.UTC(2026, 0, 1);

function jarWith(url: string, ...lines: string[]): CookieJar {
  const jar = new CookieJar(() => now);
  keep(jar, url, ...lines);
  return jar;
}

function keep(jar: CookieJar, url: string, ...lines: string[]): void {
  jar.keep(new URL(url), new Headers(lines.map((line) => ['set-cookie', line] as [string, string])));
}

describe('the cookie jar', () => {
  it('sends back what it was given, and nothing to another host', () => {
    const jar = jarWith('https://a.example/x/y', 'one=1', 'two=2=2; Path=/');
    expect(jar.header(new URL('https://a.example/x/z'))).toBe('one=1; two=2=2');
    expect(jar.header(new URL('https://b.example/x/z'))).toBe('');
  });

  it('does not tell ports apart, as browsers do not (RFC 6265 §8.5)', () => {
    const jar = jarWith('http://localhost:8080/', 'a=1; Path=/');
    expect(jar.header(new URL('http://localhost:8081/'))).toBe('a=1');
    expect(jar.header(new URL('http://127.0.0.1:8080/'))).toBe('');
  });

  it('obeys the path, whole segments only, the longest first', () => {
    const jar = jarWith('http://localhost/', 'root=1; Path=/', 'deep=2; Path=/auth/1');
    expect(jar.header(new URL('http://localhost/auth/1/2'))).toBe('deep=2; root=1');
    expect(jar.header(new URL('http://localhost/auth/12'))).toBe('root=1');
  });

  it('takes the folder of the address when no path is given', () => {
    const jar = jarWith('http://localhost/a/b', 'x=1');
    expect(jar.header(new URL('http://localhost/a/c'))).toBe('x=1');
    expect(jar.header(new URL('http://localhost/'))).toBe('');
  });

  it('replaces a cookie of the same name and path, and removes it when it ends', () => {
    const jar = jarWith('http://localhost/', 'x=1; Path=/');
    keep(jar, 'http://localhost/', 'x=2; Path=/');
    expect(jar.header(new URL('http://localhost/'))).toBe('x=2');
    keep(jar, 'http://localhost/', 'x=; Path=/; Max-Age=0');
    expect(jar.header(new URL('http://localhost/'))).toBe('');
    keep(jar, 'http://localhost/', 'y=1; Path=/', 'y=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT');
    expect(jar.header(new URL('http://localhost/'))).toBe('');
  });

  it('sends secure cookies over https and to this computer only', () => {
    const jar = jarWith('https://a.example/', 'x=1; Path=/; Secure');
    expect(jar.header(new URL('http://a.example/'))).toBe('');
    expect(jarWith('http://localhost/', 'x=1; Secure; Path=/').header(new URL('http://localhost/'))).toBe(
      'x=1',
    );
    expect(jarWith('http://a.example/', 'x=1; Secure; Path=/').header(new URL('https://a.example/'))).toBe(
      '',
    );
  });

  it.each([
    '__Host-x=1; Path=/',
    '__Host-x=1; Secure; Path=/oauth',
    '__Host-x=1; Secure; Path=/; Domain=a.example',
    '__Secure-x=1; Path=/',
  ])('drops a cookie that breaks the promise of its prefix: %s', (line) => {
    expect(jarWith('https://a.example/oauth/x', line).header(new URL('https://a.example/oauth/x'))).toBe('');
  });

  it('keeps a cookie that keeps the promise of its prefix', () => {
    const jar = jarWith('https://a.example/', '__Host-x=1; Secure; HttpOnly; SameSite=Lax; Path=/');
    expect(jar.header(new URL('https://a.example/any'))).toBe('__Host-x=1');
  });

  it('ignores a line without a name', () => {
    expect(jarWith('https://a.example/', '=1', 'nothing').header(new URL('https://a.example/'))).toBe('');
  });
});
