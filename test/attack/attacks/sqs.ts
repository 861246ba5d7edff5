import type { Attack } from '../attack.ts'

/** Not by anybody: what SQS and its engines do, and what must not follow from it. */
export const sqsAttacks: readonly Attack[] = [
  {
    name: 'a message that is gone',
    attack:
      'Of some messages in a batch one has expired or was taken by others, and SQS says so with one of several codes.',
    promise: 'What SQS says of one message fails no sweep and no run.',
    tests: ['unit/queues/settling › does nothing more about a message that SQS cannot find: $Code'],
    defences: [
      {
        what: 'the meaning of a failed entry',
        changes: [
          {
            file: 'src/queues/failedEntries.ts',
            code: "    case 'invalid':\n      return 'gone'",
            instead: "    case 'invalid':\n      return 'refused'",
          },
        ],
        test: 'unit/queues/settling › does nothing more about a message that SQS cannot find: $Code',
        failure: /ReceiptHandleIsInvalid/,
      },
    ],
  },
  {
    name: 'a clock that is an hour off',
    attack: 'The clock of the developer’s machine or of a server is wrong, and SQS refuses each signature.',
    promise: 'After the first refusal everything is signed with the time of SQS.',
    tests: ['integration/queues/refusals › sign with SQS’s time from then on when it says %s, %s'],
    defences: [
      {
        what: 'keeping the client that has learnt the time',
        changes: [{ file: 'src/queues/requester.ts', code: '&& !isClockCode(error.code) ', instead: '' }],
        test: 'integration/queues/refusals › sign with SQS’s time from then on when it says RequestExpired, expired',
        failure: /clock is wrong/,
      },
    ],
  },
  {
    name: 'a key of KMS that is disabled',
    attack:
      'The key of a queue is disabled or its use is denied for a while, by the names that SQS has for that on the wire.',
    promise: 'It is the queue’s trouble: no reply and no command is given up for it.',
    tests: [
      'unit/queues/sender › keeps a body until the key of its queue can be used again: %s',
      'unit/queues/queueError › takes %s for %s',
    ],
    defences: [
      {
        what: 'knowing the codes for what they are',
        changes: [
          {
            file: 'src/queues/errorKind.ts',
            code: "  return ofKey === 'Throttling' ?",
            instead: "  return name !== '' ? name.replace(/^.*[.#]/, '') : ofKey === 'Throttling' ?",
          },
        ],
        test: 'unit/queues/queueError › takes %s for %s',
        failure: /^AssertionError/,
      },
    ],
  },
  {
    name: 'a queue that cannot be used yet',
    attack: 'SQS does not know a reply queue in the first seconds after it was created.',
    promise: 'No alarm is raised, and receiving begins as soon as it can.',
    tests: [
      'unit/master/replies/replyConsumer › says nothing of its new queue that cannot be used yet, and receives as soon as it can',
    ],
    defences: [
      {
        what: 'patience with a young queue',
        changes: [
          {
            file: 'src/master/replies/ownReplyQueue.ts',
            code: 'performance.now() - this.#madeAt < youngMs',
            instead: 'performance.now() - this.#madeAt < 0',
          },
        ],
        test: 'unit/master/replies/replyConsumer › says nothing of its new queue that cannot be used yet, and receives as soon as it can',
        failure: /^AssertionError/,
      },
    ],
  },
  {
    name: 'attributes that are not told',
    attack: 'An engine leaves the counts of a queue out, or says a word instead of a number.',
    promise: 'They are unknown, not 0: nothing is concluded from them.',
    tests: ['unit/queues/queueAttributes › are unknown, not 0, where the engine says %j'],
    defences: [
      {
        what: 'the difference of unknown and 0',
        changes: [
          {
            file: 'src/queues/queueAttributes.ts',
            code: '? undefined : Number(value)',
            instead: '? 0 : Number(value)',
          },
        ],
        test: 'unit/queues/queueAttributes › are unknown, not 0, where the engine says %j',
        failure: /^AssertionError/,
      },
    ],
  },
  {
    name: 'commands that stay',
    attack: 'SQS brings one message at a time, so that a command that is over is not found at once.',
    promise: 'It is taken off the queue, and no agent that comes later executes it.',
    tests: [
      'unit/master/sending/broadcast › is taken off the queue in one reading, and others put back, when SQS brings one message at a time',
    ],
    defences: [
      {
        what: 'reading on until an answer is empty',
        changes: [
          {
            file: 'src/master/sending/broadcast.ts',
            code: 'isMore = received.length > 0',
            instead: 'isMore = received.length === 10',
          },
        ],
        test: 'unit/master/sending/broadcast › is taken off the queue in one reading, and others put back, when SQS brings one message at a time',
        failure: /^AssertionError/,
      },
    ],
  },
  {
    name: 'few replies at a time',
    attack: 'SQS brings one to nine replies a receive although hundreds wait.',
    promise: 'No agent that has answered is called silent.',
    tests: [
      'unit/master/replies/backlogMonitor › is behind from an answer that had waited until a poll that began later brings nothing',
      'unit/master/replies/replyConsumer › never says that all is read while some wait, and reads with all its receivers',
      'integration/master/fewMessages › gets every answer when a receive brings %i messages at most',
    ],
    defences: [
      {
        what: 'the proof by an empty answer',
        changes: [
          {
            file: 'src/master/replies/backlogMonitor.ts',
            code: "    if (answer === 'waiting') this.doubt()\n",
            instead: "    if (answer === 'waiting') this.#prove(poll, now)\n",
          },
        ],
        test: 'unit/master/replies/backlogMonitor › is behind from an answer that had waited until a poll that began later brings nothing',
        failure: /^AssertionError/,
      },
    ],
  },
]
