/** The smallest pictures of each kind. */
const bytes = (base64: string): Uint8Array => Buffer.from(base64, 'base64');

/** One transparent pixel. */
export const png: Uint8Array = bytes(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
);
/** 96 pixels wide and high. */
export const square: Uint8Array = bytes(
  'iVBORw0KGgoAAAANSUhEUgAAAGAAAABgCAIAAABt+uBvAAAApElEQVR4nO3QQQ0AIBDAsBOGCGQjCwd82aPJBCyds5cezfeDeIAAAQIEKBwgQIAAAQoHCBAgQIDCAQIECBCgcIAAAQIEKBwgQIAAAQoHCBAgQIDCAQIECBCgcIAAAQIEKBwgQIAAAQoHCBAgQIDCAQIECBCgcIAAAQIEKBwgQIAAAQoHCBAgQIDCAQIECBCgcIAAAQIEKBwgQIAAAQoHCBAgQD+79P7SwhryoJUAAAAASUVORK5CYII=',
);
export const pixel: Uint8Array = bytes('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7');
export const gif: Uint8Array = Buffer.concat([pixel, Buffer.from('a trailer of its own')]);
export const webp: Uint8Array = bytes('UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==');

/** A head without a body: only the first bytes are looked at. */
export const jpeg: Uint8Array = bytes('/9j/4AAQSkZJRgABAQEASABIAAD/2Q==');
