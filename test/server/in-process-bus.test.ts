// The doorbell of one process: heard by the tenant's listeners, by all of them and by nobody else.
import { expect, test } from "vitest";
import { BusNews } from "../../src/domain/runtime-ports.ts";
import { createInProcessBus } from "../../src/server/in-process-bus.ts";

function listening(bus = createInProcessBus()) {
  const heard: string[] = [];
  const listen = (tenantId: string, name: string) => bus.listen(tenantId, () => heard.push(name));
  return { bus, heard, listen };
}

test("a ring is heard by every listener of the tenant before it returns, and by no other tenant's", () => {
  const { bus, heard, listen } = listening();
  listen("t1", "a");
  listen("t1", "b");
  listen("t2", "c");
  bus.ring("t1", BusNews.Transitions);
  expect(heard).toEqual(["a", "b"]);
  bus.ring("t3", BusNews.Transitions);
  expect(heard).toEqual(["a", "b"]);
});

test("who has ended the subscription hears nothing more, and the others go on", () => {
  const { bus, heard, listen } = listening();
  const end = listen("t1", "a");
  listen("t1", "b");
  end();
  end();
  bus.ring("t1", BusNews.Transitions);
  expect(heard).toEqual(["b"]);
});

test("an old subscription that is ended twice does not end a new one", () => {
  const { bus, heard, listen } = listening();
  const end = listen("t1", "old");
  end();
  listen("t1", "new");
  end();
  bus.ring("t1", BusNews.Transitions);
  expect(heard).toEqual(["new"]);
});

test("a listener that ends its own subscription when it hears does not hide the ring from the next", () => {
  const { bus, heard, listen } = listening();
  const end = bus.listen("t1", () => {
    heard.push("once");
    end();
  });
  listen("t1", "always");
  bus.ring("t1", BusNews.Transitions);
  bus.ring("t1", BusNews.Transitions);
  expect(heard).toEqual(["once", "always", "always"]);
});

test("a closed bus is silent", async () => {
  const { bus, heard, listen } = listening();
  listen("t1", "a");
  await bus.close();
  bus.ring("t1", BusNews.Transitions);
  expect(heard).toEqual([]);
});

test("a listener is told what the ring is about", () => {
  const bus = createInProcessBus();
  const heard: BusNews[] = [];
  bus.listen("t1", (news) => heard.push(news));
  bus.ring("t1", BusNews.Progress);
  bus.ring("t1", BusNews.Transitions);
  expect(heard).toEqual([BusNews.Progress, BusNews.Transitions]);
});
