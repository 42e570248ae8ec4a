import { form, json } from '../exchange.ts';
import type { ProtocolError, SimulatedAnswer, SimulatedRequest } from '../exchange.ts';
import type { Simulation } from '../simulation.ts';
import { fillFields } from '../template.ts';
import type { Json } from '../template.ts';

/** An error of the token endpoint in the form that the provider has for it. */
export function tokenError(
  { quirks, clock }: Simulation,
  request: SimulatedRequest,
  error: ProtocolError,
): SimulatedAnswer {
  const code = nameOf(quirks, error.code, request.parameters['grant_type']);
  const standard = {
    error: code,
    error_description: error.message,
    ...fillFields(quirks.errorFields, { now: new Date(clock()).toISOString() }),
  };
  switch (quirks.tokenErrors) {
    case 'standard': {
      const status = error.code === 'invalid_grant' ? quirks.invalidGrantStatus : error.status;
      return json(status, standard, challengeOf(request, status));
    }
    case 'status-200':
      return encode({ quirks }, request, standard);
    case 'ok-false':
      return json(200, { ok: false, error: code });
    case 'arrays':
      return json(error.status, { error: [code], error_description: [error.message] });
  }
}

function nameOf({ errorNames }: Simulation['quirks'], code: string, grantType = ''): string {
  return errorNames[`${code}:${grantType}`] ?? errorNames[code] ?? code;
}

/** RFC 6749 §5.2: a client that used the header is told so in one. */
function challengeOf(request: SimulatedRequest, status: number): Record<string, string> {
  const challenged = status === 401 && request.headers.authorization !== undefined;
  return challenged ? { 'www-authenticate': 'Basic realm="token"' } : {};
}

/** A successful answer, or one that only looks like it, in the encoding that the provider has for it. */
export function encode(
  { quirks }: Pick<Simulation, 'quirks'>,
  request: SimulatedRequest,
  value: Readonly<Record<string, Json>>,
): SimulatedAnswer {
  const acceptsJson = request.headers.accept?.includes('application/json') ?? false;
  const asForm =
    quirks.answerEncoding === 'form' ||
    (quirks.answerEncoding === 'form-unless-json-accepted' && !acceptsJson);
  return asForm ? form(200, value) : json(200, value);
}
