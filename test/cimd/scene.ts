import type { Stack, StackOptions } from '../fixtures/stack.ts';
import { pkce, startStack } from '../fixtures/stack.ts';
import type { Json } from './publisher.ts';
import { Publisher } from './publisher.ts';

/** A page as a person sees it. */
export interface Shown {
  readonly status: number;
  readonly html: string;
  readonly headers: Headers;
}

/** A server, and hosts that publish documents for its clients. */
export class Scene {
  readonly publisher: Publisher;
  readonly stack: Stack;

  private constructor(publisher: Publisher, stack: Stack) {
    this.publisher = publisher;
    this.stack = stack;
  }

  static async start(config: Json = {}, options: StackOptions = {}): Promise<Scene> {
    const publisher = await Publisher.start();
    const documentFetch = publisher.fetch();
    const collaborators = { documentFetch, ...options.collaborators };
    const stack = await startStack({ ...config }, { ...options, collaborators });
    return new Scene(publisher, stack);
  }

  /** Where an authorization request of a client with this id leads a person. */
  async page(clientId: string, parameters: Record<string, string> = {}): Promise<Shown> {
    const { challenge } = pkce();
    const url = this.stack.authorizeUrl({ client_id: clientId, code_challenge: challenge, ...parameters });
    const response = await this.stack.browser().get(url);
    return { status: response.status, html: await response.text(), headers: response.headers };
  }

  async close(): Promise<void> {
    await this.stack.close();
    await this.publisher.close();
  }
}
