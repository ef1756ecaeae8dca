// What goes wrong in a soak: each fault begins, lasts a while and is taken back; which comes when a seed decides.
import { setTimeout as pause } from "node:timers/promises";
import type { Stretch } from "../history/check-lag.ts";
import { onRedis } from "../redis.ts";
import type { ResumingSubscriber } from "../resuming-subscriber.ts";
import type { Disturbance } from "../vendors.ts";
import type { Node } from "./node.ts";
import type { SoakSettings } from "./settings.ts";
import type { SoakWorld } from "./soak-world.ts";

export interface Fault {
  readonly name: string;
  /** Begins it. @returns what takes it back */
  strike(): Promise<() => Promise<void>>;
}

export interface Struck {
  readonly fault: string;
  /** From its beginning until everything was well again. */
  readonly stretch: Stretch;
}

export interface Victims {
  readonly world: SoakWorld;
  readonly subscribers: readonly ResumingSubscriber[];
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

const NOTHING_TO_TAKE_BACK = (): Promise<void> => Promise.resolve();
/** Share of the requests to a vendor that are disturbed. */
const DISTURBED = 0.4;

/** Every kind of fault this world can have. */
export function faultsOf({ world, subscribers, random }: Victims): readonly Fault[] {
  const { nodes, redis, recorders } = world;
  // The last of several lives as long as the soak: its memory is what a slope is fitted to.
  const mortal = nodes.length > 1 ? nodes.slice(0, -1) : nodes;
  return [
    { name: "a gateway is killed", strike: () => kill(pickFrom(mortal, random)) },
    { name: "a gateway hangs", strike: () => Promise.resolve(freeze(pickFrom(nodes, random))) },
    { name: "sockets are cut", strike: () => Promise.resolve(cutSome(subscribers, random)) },
    ...(["break", "lose", "refuse"] as const).map((how) => ({
      name: `vendors: ${how}`,
      strike: () => {
        const chosen = recorders.filter(() => random() < 0.5);
        for (const recorder of chosen) recorder.disturb(sometimes(how, random));
        return Promise.resolve(() => {
          for (const recorder of chosen) recorder.disturb(null);
          return Promise.resolve();
        });
      },
    })),
    ...(redis === null
      ? []
      : [
          {
            name: "Redis is killed",
            strike: async () => {
              await redis.kill();
              return () => redis.start();
            },
          },
          {
            name: "Redis hangs",
            strike: () => {
              const thaw = redis.freeze();
              return Promise.resolve(() => Promise.resolve(thaw()));
            },
          },
          {
            name: "Redis is flushed",
            strike: async () => {
              await onRedis(redis.url, (client) => client.flushall());
              return NOTHING_TO_TAKE_BACK;
            },
          },
        ]),
  ];
}

/**
 * Lets one fault after the other strike until the time is up, each kind once before any comes again. Between two of them all is well.
 *
 * @returns what struck, with when; the world is well when it resolves
 */
export async function rage(victims: Victims, settings: SoakSettings, untilMs: number): Promise<readonly Struck[]> {
  const { world, random } = victims;
  const [shortest, longest] = settings.faultMs;
  const struck: Struck[] = [];
  const wanted = faultsOf(victims).filter(({ name }) => name.includes(settings.only ?? ""));
  let queue: Fault[] = [];
  for (;;) {
    await pause(settings.calmMs);
    if (Date.now() >= untilMs) return struck;
    if (queue.length === 0) queue = shuffled(wanted, random);
    const fault = queue.pop();
    if (fault === undefined) throw new Error("there is no fault to strike");
    const from = Date.now();
    const takeBack = await fault.strike();
    await pause(shortest + (longest - shortest) * random());
    await takeBack();
    await world.untilWell();
    await pause(settings.recoveryMs);
    struck.push({ fault: fault.name, stretch: { from, to: Date.now() } });
  }
}

async function kill(node: Node): Promise<() => Promise<void>> {
  await node.kill();
  return async () => {
    node.start();
    await node.untilUp();
  };
}

function freeze(node: Node): () => Promise<void> {
  const thaw = node.freeze();
  return () => Promise.resolve(thaw());
}

function cutSome(subscribers: readonly ResumingSubscriber[], random: () => number): () => Promise<void> {
  for (const one of subscribers.filter(() => random() < 0.5)) one.cut();
  return NOTHING_TO_TAKE_BACK;
}

const sometimes = (how: Disturbance, random: () => number) => (): Disturbance | null =>
  random() < DISTURBED ? how : null;

function pickFrom<Item>(items: readonly Item[], random: () => number): Item {
  const picked = items[Math.floor(random() * items.length)];
  if (picked === undefined) throw new Error("there is nothing to pick from");
  return picked;
}

function shuffled<Item>(items: readonly Item[], random: () => number): Item[] {
  return items
    .map((item) => [random(), item] as const)
    .toSorted(([one], [other]) => one - other)
    .map(([, item]) => item);
}
