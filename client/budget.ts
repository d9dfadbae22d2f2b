/** Room for events and their bytes: what is taken is given back exactly. */
export class Budget {
  private readonly eventsMax: number;
  private readonly bytesMax: number;
  private events = 0;
  private bytes = 0;

  constructor(eventsMax: number, bytesMax: number) {
    this.eventsMax = eventsMax;
    this.bytesMax = bytesMax;
  }

  /** False, and nothing taken, when it would go over. */
  take(events: number, bytes: number): boolean {
    if (this.events + events > this.eventsMax || this.bytes + bytes > this.bytesMax) return false;
    this.events += events;
    this.bytes += bytes;
    return true;
  }

  give(events: number, bytes: number): void {
    this.events -= events;
    this.bytes -= bytes;
  }

  /** For messages: how much is taken. */
  get taken(): { readonly events: number; readonly bytes: number } {
    return { events: this.events, bytes: this.bytes };
  }
}
