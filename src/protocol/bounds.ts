import type { JsonBounds } from './boundedJson.ts'

/** What a queue is for, and with it what may lie in it. */
export type MessageKind = 'command' | 'reply' | 'facts'

/** What an {@link import('./envelope.ts').openBody} accepts. The agents and masters of this version send nothing larger. */
export interface BodyBounds extends Readonly<Record<MessageKind, JsonBounds>> {
  /** Of the body itself, whose message is one text in it. */
  readonly envelope: JsonBounds
  /** Binary data of a body once it is unpacked, bytes. */
  readonly dataBytes: number
}

/**
 * Counted before anything is parsed, so that no message takes more memory than an agent with a heap of 128 MB has
 * (`ec2-cagent.service`): 50,000 marks are at most 3 MB, and 4 MiB of text are kept twice while they are parsed.
 * A message that is gzipped unpacks to at most as many bytes as its kind has characters.
 */
export const bodyBounds: BodyBounds = {
  // SQS takes bodies of 1 MiB. Of our own fields there are six, the signature's among them.
  envelope: { characters: 1024 * 1024, depth: 8, marks: 100 },
  // A script of 3 MiB in base64, or 49,000 targets.
  command: { characters: 4 * 1024 * 1024, depth: 16, marks: 50_000 },
  // 16,000 segments of output; agents send `maxFrameSegments`.
  reply: { characters: 1024 * 1024, depth: 16, marks: 50_000 },
  // The facts of a server that facter reads are 10,000 characters with 1,000 marks. 64 levels of facts in a message.
  facts: { characters: 1024 * 1024, depth: 66, marks: 50_000 },
  dataBytes: 1024 * 1024,
}
