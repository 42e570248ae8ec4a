import { preflight, withCors } from './cors.ts';
import type { Handler, HttpRequest, HttpResponse } from './exchange.ts';
import { refusal } from './headers.ts';

/** One method on one exact path. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly handler: Handler;
  /** Callable by scripts of any origin, without credentials. */
  readonly cors: boolean;
}

/** All routes behind one handler: a map from exact paths, no patterns. */
export interface Router {
  readonly handle: Handler;
  readonly serves: (path: string) => boolean;
  readonly routes: readonly { readonly path: string; readonly methods: readonly string[] }[];
}

/** Builds the map. GET also answers HEAD; routes with CORS also answer the preflight. */
export function createRouter(routes: readonly Route[]): Router {
  const paths = new Map<string, Map<string, Route>>();
  for (const route of routes) {
    const methods = paths.get(route.path) ?? new Map<string, Route>();
    methods.set(route.method, route);
    if (route.method === 'GET') methods.set('HEAD', route);
    paths.set(route.path, methods);
  }

  return {
    serves: (path) => paths.has(path),
    routes: [...paths].map(([path, methods]) => ({ path, methods: [...methods.keys()] })),
    handle(request) {
      const methods = paths.get(request.path);
      if (!methods) return refusal(404, { error: 'not_found' });
      const route = methods.get(request.method);
      return route ? run(route, request) : otherMethod(methods, request);
    },
  };
}

function run(route: Route, request: HttpRequest): HttpResponse | Promise<HttpResponse> {
  const answer = route.handler(request);
  if (!route.cors) return answer;
  return answer instanceof Promise ? answer.then(withCors) : withCors(answer);
}

function otherMethod(methods: ReadonlyMap<string, Route>, request: HttpRequest): HttpResponse {
  const names = [...methods.keys()];
  const cors = [...methods.values()].some((route) => route.cors);
  if (request.method === 'OPTIONS' && cors) return preflight(names);
  const answer = refusal(
    405,
    { error: 'invalid_request', error_description: 'method not allowed' },
    { allow: names.join(', ') },
  );
  return cors ? withCors(answer) : answer;
}
