/** A span or a moment in milliseconds; moments count from the Unix epoch. */
export type Milliseconds = number;

/** A span or a moment in seconds, as on the wire (`exp`, `expires_in`, `max_age`). */
export type Seconds = number;

/** Tells the time in milliseconds since the Unix epoch. */
export type Clock = () => Milliseconds;
