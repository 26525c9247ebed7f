// BullMQ for Node in the race of bench/queue.py: `node _racer.cjs ROLE SOCKET BURST DRIP`, as _racers.py does it.
const readline = require('node:readline');
const { setTimeout } = require('node:timers/promises');
const IORedis = require('ioredis').default;
const { Queue, Worker } = require('bullmq');

const CONCURRENCY = 10;
const WARM = 50;
const GAP_MS = 30;
const [role, path, ...counts] = process.argv.slice(2);
const [burst, drip] = counts.map(Number);
const connection = new IORedis({ path, maxRetriesPerRequest: null });
const say = (words) => console.log(JSON.stringify(words));
// Microseconds: JSON has no whole number for nanoseconds of a machine that runs for months.
const now = () => Number(process.hrtime.bigint() / 1000n);

async function produce() {
  const queue = new Queue('race', { connection });
  const add = () => queue.add('job', { sent: now() }, { removeOnComplete: { count: 50 } });
  const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  for (let n = 0; n < WARM; n++) await add();
  say({ ready: true });
  await lines.next();
  const begun = now();
  for (let n = 0; n < burst; n++) await add();
  say({ seconds: (now() - begun) / 1e6 });
  await lines.next();
  for (let n = 0; n < drip; n++) {
    await add();
    await setTimeout(GAP_MS);
  }
}

function work() {
  process.stdin.resume().on('end', () => process.exit());
  const late = [];
  let begun;
  let cpu;
  new Worker('race', async (job) => {
    const moment = now();
    late.push((moment - job.data.sent) / 1000);
    if (late.length === WARM) {
      begun = moment;
      cpu = process.cpuUsage();
    } else if (late.length === WARM + burst) {
      const { user, system } = process.cpuUsage(cpu);
      say({ seconds: (moment - begun) / 1e6, cpu: (user + system) / 1e6 });
    } else if (late.length === WARM + burst + drip) say({ late_ms: late.slice(-drip) });
  }, { connection, concurrency: CONCURRENCY });
}

if (role === 'produce') produce(); else work();
