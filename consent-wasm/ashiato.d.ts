/** What `window.ashiato` offers to a site's own code. */
export interface Ashiato {
  /** Resolves with the visitor's choice as it stands once the tag has read it; never rejects. */
  readonly ready: Promise<Consent>;
  /** The visitor's choice as it stands. */
  consent(): Consent;
  /** Opens the preferences. */
  open(): Promise<void>;
  /**
   * Records the visitor's own yes to these purposes, beside what is granted already; without any, to
   * everything. To be called from what the visitor pressed, and from nothing else.
   */
  accept(...purposes: string[]): Promise<void>;
  /** Records the visitor's no to everything. */
  reject(): Promise<void>;
  /** Takes back everything that was granted; the same as `reject` by another name. */
  withdraw(): Promise<void>;
  /**
   * Keeps what the page knows of who is there, by the names of a lead form's fields, until the page is left. It
   * is added to the next lead form whose own fields leave it out, and never sent by itself.
   */
  identify(fields: Record<string, string>): void;
  /** Records an event, if its purpose is granted now. Without a grant it is dropped, not kept. */
  track(name: string, properties?: Properties): void;
  /** Calls `listener` on every change; answers how to stop it. */
  on(event: EventName, listener: Listener): () => void;
  /** Calls a method by its name: the form that calls made before the tag came are kept in. */
  push(call: Call): void;
}

/** The visitor's choice. */
export interface Consent {
  /** Whether the visitor has decided on the policy in force. */
  decided: boolean;
  /** When, in milliseconds since 1970. */
  at?: number;
  /** The receipt's id, where something was granted and the collector has recorded it. */
  receipt?: string;
  /** The policy's revision. */
  revision: number;
  /** Yes or no by purpose: yes where any service of it is granted. */
  purposes: Record<string, boolean>;
  /** Yes or no by service. */
  services: Record<string, boolean>;
}

/** At most 32 properties of an event; texts of at most 1,024 bytes. */
export type Properties = Record<string, string | number | boolean>;

/** `consent`: a decision was made or changed. `withdraw`: something granted no longer is. */
export type EventName = "ready" | "consent" | "withdraw";

/** What is called with the visitor's choice. */
export type Listener = (consent: Consent) => void;

/**
 * A call by the method's name and what it is given. Before the tag has come, calls are kept in an array:
 * `(window.ashiato ||= []).push(["open"])`.
 */
export type Call =
  | [method: "open" | "reject" | "withdraw"]
  | [method: "accept", ...purposes: string[]]
  | [method: "track", name: string, properties?: Properties]
  | [method: "identify", fields: Record<string, string>]
  | [method: "on", event: EventName, listener: Listener];

/** A lead form's submission reached the collector. */
export interface Lead {
  /** The form's key. */
  form: string;
  /** The lead's id. */
  lead: string;
  /** Whether it was tied to the visitor's browsing. */
  linked: boolean;
}

declare global {
  /** The same as `window.ashiato`. */
  const ashiato: Ashiato;
  interface Window {
    get ashiato(): Ashiato;
    /** Early calls. What has come already stays: write `||=`. */
    set ashiato(early: Ashiato | Call[]);
  }
  interface DocumentEventMap {
    "ashiato:ready": CustomEvent<Consent>;
    "ashiato:consent": CustomEvent<Consent>;
    "ashiato:withdraw": CustomEvent<Consent>;
  }
  interface HTMLElementEventMap {
    "ashiato:lead": CustomEvent<Lead>;
  }
}
