import { isLoopbackUrl } from './upstream-http.ts';

/**
 * What is wrong with an endpoint that a document names, as the end of a sentence; `null`: nothing. Provenance decides: it
 * may be no closer to us than the address that the operator wrote down.
 */
export function endpointProblem(
  endpoint: string,
  { namedBy, insecureAllowHttp }: { readonly namedBy: string; readonly insecureAllowHttp: boolean },
): string | null {
  const url = URL.parse(endpoint);
  if (!url || url.username !== '' || url.password !== '') return 'is not a usable URL';
  const local = isLoopbackUrl(namedBy);
  if (isLoopbackUrl(endpoint) !== local)
    return local ? 'is not on this machine, as the issuer is' : 'is on this machine, and the issuer is not';
  const http = url.protocol === 'http:' && (local || insecureAllowHttp);
  return url.protocol === 'https:' || http ? null : 'is not https';
}
