"""The delivery equations in plain Python, one world at a time: slow and simple, to check the vectorized ones."""

import math

DAY = 86_400


def goodput(n, practice, p, rejoins=False):
    mtbf = 1 / (p["interruptions"] * n)
    checkpoint = p["checkpoint_s"] / 3600
    interval = p["checkpoint_hours"] or math.sqrt(2 * checkpoint * mtbf)
    wait = (1 - practice.person_share) * practice.restart_h + practice.person_share * practice.person_wait_h
    if rejoins:
        return 1 / (1 + wait / mtbf)
    return 1 / ((1 + checkpoint / interval) * (1 + (interval / 2 + wait) / mtbf))


def in_service(practice, p):
    out = p["hardware_failures"] / 8766 * p["node_accelerators"] * practice.repair_h
    short = out / (1 + out) - p["spares"]
    return 1 - math.log(1 + math.exp(400 * short)) / 400


def availability(p):
    return 1 / (1 + p["site_outages"] * p["outage_hours"] / 8766)


def mfu(n, p):
    return p["mfu_reference"] * (n / 16_384) ** -p["mfu_decay"]


def work(n, peak, practice, p):
    return n * in_service(practice, p) * peak * practice.mfu_factor


def exchange(sites, size, bits, ring, p):
    if sites == 1:
        return 0.0
    sent = (sites - 1) / sites * size * bits / p["bandwidth_bps"]
    light = ring * p["detour"] / (299_792 / 1.468)
    return (sent + light) * (1 + p["straggler"] * math.log2(sites))


def best_model(rate, p):
    flop = rate * p["run_days"] * DAY
    size = math.sqrt(flop / (6 * p["tokens_per_parameter"]))
    return size, p["critical_batch_tokens"] * (p["tokens_per_parameter"] * size) ** p["critical_batch_exponent"]


def synchronous(chips, peaks, ring, practice, p):
    n, sites = sum(chips), len(chips)
    rate = sum(work(c, k, practice, p) for c, k in zip(chips, peaks, strict=True))
    rate *= mfu(n, p) * goodput(n, practice, p) * availability(p) ** sites
    size, critical = best_model(rate, p)
    x = (1 - p["overlap"]) * exchange(sites, size, p["bits"], ring, p) / (6 * size * critical / rate)
    kept = p["site_batch_tokens"] / critical
    return rate * max(1 / (1 + math.sqrt(x)) ** 2, 1 / (1 + x / kept))


def replicas(chips, peaks, ring, islands, practice, p, domain="learner", rejoin=False):
    n, sites = sum(chips), len(chips)
    rejoins = rejoin and domain == "learner" and sites * islands > 1
    rate = sum(
        work(c, k, practice, p) * goodput(c / islands if domain == "learner" else n, practice, p, rejoins)
        for c, k in zip(chips, peaks, strict=True)
    )
    rate *= mfu(n, p) * availability(p)
    size, critical = best_model(rate, p)
    takes = exchange(sites, size, p["outer_bits"], ring, p)
    inner = p["inner_steps"] * 6 * size * p["inner_batch"] * critical / rate
    exponent = p["replica_penalty"] * math.log(p["inner_steps"]) / math.log(30)
    exposed = max(takes - inner, (1 - p["outer_overlap"]) * takes)
    return rate * inner / (inner + exposed) * (sites * islands) ** -exponent


def ring(members, order, km):
    """Length in km of the ring through the members, in the order of all sites' ring."""
    stops = [s for s in order if s in members]
    return sum(km[a][b] for a, b in zip(stops, stops[1:] + stops[:1], strict=True))


def best(name, chips, peaks, order, km, practice, p, before=(), **how):
    """Highest rate of a pooling rule in one world, over the first ranked sites, the previous pool and each site alone."""
    working = [s for s in range(len(chips)) if chips[s] > 0]
    if not working:
        return 0.0
    up = availability(p)
    one_job = {
        s: work(chips[s], peaks[s], practice, p) * mfu(chips[s], p) * goodput(chips[s], practice, p) for s in working
    }
    if name == "single_site":
        return up * max(one_job.values())

    def of(function, members, *more, **options):
        members = sorted(members)
        return function([chips[s] for s in members], [peaks[s] for s in members], ring(members, order, km), *more, practice, p, **options)  # fmt: skip

    ranked = sorted(working, key=lambda s: -one_job[s])
    alone = [of(replicas, [s], r, **how) for s in working for r in (1, 2, 4, 8, 16, 32, 64)]
    if name == "independent":
        return max(alone)
    sets = [ranked[:k] for k in range(1, len(ranked) + 1)] + [[s for s in before if s in working]]
    sets = [s for s in sets if s]
    if name == "synchronous":
        return max(of(synchronous, s) for s in sets)
    low = max(alone + [of(replicas, s, r, **how) for s in sets for r in (1, 2, 4, 8, 16)])
    if name == "low_communication":
        return low
    return max(low, *(of(synchronous, s) for s in sets))
