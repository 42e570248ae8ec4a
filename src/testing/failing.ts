import { answerAuthorize } from './endpoints/authorize.ts';
import { tokenError } from './endpoints/token-error.ts';
import { json, ProtocolError } from './exchange.ts';
import type { SimulatedAnswer, SimulatedRequest } from './exchange.ts';
import type { Failure } from './faults.ts';
import type { Outcome } from './listener.ts';
import type { EndpointName } from './quirks/addresses.ts';
import type { Simulation } from './simulation.ts';

const hugeBody = 16 * 1024 * 1024;

/** What a planned failure looks like on the wire. */
export function failureOutcome(
  simulation: Simulation,
  request: SimulatedRequest,
  { endpoint, how }: { endpoint: EndpointName; how: Failure },
): Outcome {
  if (how === 'hang' || how === 'reset' || how === 'slow-headers') return how;
  if (how === 'garbage') return text(200, '<html>\u0000not what you asked for');
  if (how === 'huge-body') return text(200, `{"padding":"${'x'.repeat(hugeBody)}"}`);
  if (typeof how === 'number') return text(how, `{"message":"status ${how}, as planned"}`);
  if ('error' in how) return protocolFailure(simulation, request, { endpoint, error: how });
  if ('redirect' in how) return { status: how.status ?? 307, headers: { location: how.redirect }, body: '' };
  return { status: how.status, headers: how.headers ?? {}, body: how.body ?? '' };
}

function text(status: number, body: string): SimulatedAnswer {
  return { status, headers: { 'content-type': 'application/json' }, body };
}

function protocolFailure(
  simulation: Simulation,
  request: SimulatedRequest,
  { endpoint, error }: { endpoint: EndpointName; error: { error: string; description?: string } },
): SimulatedAnswer {
  const status = error.error === 'invalid_client' ? 401 : 400;
  const failure = new ProtocolError(error.error, error.description ?? 'as planned', status);
  if (endpoint === 'authorize') return answerAuthorize(simulation, request, failure);
  if (endpoint === 'token') return tokenError(simulation, request, failure);
  return json(status, { error: failure.code, error_description: failure.message });
}
