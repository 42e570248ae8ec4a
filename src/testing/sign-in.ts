/**
 * Does what a browser and its user would: posts the sign-in form of an authorization URL. Returns where the provider
 * sends the browser. Throws when it does not.
 */
export async function signIn(authorizationUrl: string, login: string): Promise<string> {
  const response = await fetch(authorizationUrl, {
    method: 'POST',
    body: new URLSearchParams({ user: login }),
    redirect: 'manual',
  });
  const location = response.headers.get('location');
  const text = await response.text();
  if (location === null) throw new Error(`the provider answered ${response.status}: ${text}`);
  return location;
}
