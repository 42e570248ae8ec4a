import type { Client } from '../clients/client.ts';
import type { Config } from '../config/config.ts';

/** The resources that a client may ask for; the default of all only where it is one of them. */
export function clientResources(
  { resources, defaultResource }: Pick<Config, 'resources' | 'defaultResource'>,
  { resources: own }: Pick<Client, 'resources'>,
): Pick<Config, 'resources' | 'defaultResource'> {
  if (own === null) return { resources, defaultResource };
  return {
    resources: resources.filter((resource) => own.includes(resource)),
    defaultResource: defaultResource !== null && own.includes(defaultResource) ? defaultResource : null,
  };
}
