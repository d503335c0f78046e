"""Prefix caches: what sequences leave behind in the KV room, found again by key, oldest evicted.

A cache entry is some tokens of one queue under a key, or under none (nobody will find them, but
they take room until they are the oldest). Entries that running sequences hold count once in the
queue's `kv_used`; the others count in `cached`, stand in order of their release, and are free room.
Rules: docs/methodology/batching.md.
"""

from __future__ import annotations

from simulator.kernel.codes import BLOCK_TOKENS, NONE, PREFIX_COUNT, PREFIX_FREE
from simulator.kernel.compiled.lists import count_kv
from simulator.kernel.machine_code.jit import apart

MIX = 0x1E3779B97F4A7C15
POSITIVE = 0x7FFFFFFFFFFFFFFF


@apart
def whole_blocks(tokens):
    """The tokens of full blocks: only these are cached."""
    return tokens - tokens % BLOCK_TOKENS


@apart
def bucket_of(k, owner, key):
    """Where the chain of a key begins."""
    x = (int(key) * 31 + int(owner) * 0x9E3779B1 + MIX) & POSITIVE
    x = ((x ^ (x >> 30)) * 0x3F58476D1CE4E5B9) & POSITIVE
    return (x ^ (x >> 31)) & (len(k.buckets) - 1)


@apart
def find(k, owner, key):
    """The entry under a key in a queue's cache, or NONE."""
    place = k.buckets[bucket_of(k, owner, key)] - 1
    while place != NONE and not (k.prefixes[place].key == key and k.prefixes[place].owner == owner):
        place = k.prefixes[place].chain
    return place


@apart
def new_entry(k, owner, key):
    """An empty, unheld entry; under a key it can be found."""
    place = k.counters[PREFIX_FREE]
    if place == NONE:
        place = k.counters[PREFIX_COUNT]
        k.counters[PREFIX_COUNT] = place + 1
    else:
        k.counters[PREFIX_FREE] = k.prefixes[place].chain
    entry = k.prefixes[place]
    entry.owner = owner
    entry.key = key
    entry.tokens = 0
    entry.holders = 0
    entry.listed = 0
    entry.stamp = NONE
    if key != NONE:
        bucket = bucket_of(k, owner, key)
        entry.chain = k.buckets[bucket] - 1
        k.buckets[bucket] = place + 1
    return place


@apart
def forget(k, place):
    """Takes an entry out of its chain and frees it."""
    entry = k.prefixes[place]
    if entry.key != NONE:
        bucket = bucket_of(k, entry.owner, entry.key)
        here = k.buckets[bucket] - 1
        if here == place:
            k.buckets[bucket] = entry.chain + 1
        else:
            while k.prefixes[here].chain != place:
                here = k.prefixes[here].chain
            k.prefixes[here].chain = entry.chain
    entry.chain = k.counters[PREFIX_FREE]
    k.counters[PREFIX_FREE] = place


@apart
def release_number(queue, entry, number):
    """The highest number among the attempts that let an entry go at this boundary."""
    return max(number, entry.number) if entry.stamp == queue.clock else number


@apart
def list_entry(k, queue, place, number):
    """Puts an unheld entry among the free ones, the newest last: by (boundary, attempt number).

    Of several attempts that let it go at one boundary, the last by number counts.
    """
    entry = k.prefixes[place]
    number = release_number(queue, entry, number)
    entry.listed = 1
    entry.stamp = queue.clock
    entry.number = number
    older = queue.cache_newest
    while older != NONE and k.prefixes[older].stamp == queue.clock and k.prefixes[older].number > number:
        older = k.prefixes[older].older
    newer = queue.cache_oldest if older == NONE else k.prefixes[older].newer
    entry.older = older
    entry.newer = newer
    if older == NONE:
        queue.cache_oldest = place
    else:
        k.prefixes[older].newer = place
    if newer == NONE:
        queue.cache_newest = place
    else:
        k.prefixes[newer].older = place
    queue.cached += entry.tokens


@apart
def unlist_entry(k, queue, place):
    """Takes an entry out of the free ones, if it is there."""
    entry = k.prefixes[place]
    if not entry.listed:
        return
    entry.listed = 0
    if entry.older == NONE:
        queue.cache_oldest = entry.newer
    else:
        k.prefixes[entry.older].newer = entry.newer
    if entry.newer == NONE:
        queue.cache_newest = entry.older
    else:
        k.prefixes[entry.newer].older = entry.older
    queue.cached -= entry.tokens


@apart
def evict(k, queue, room):
    """Drops free blocks, the oldest entry's last first, until at most `room` tokens are left."""
    while queue.cached > max(room, 0):
        place = queue.cache_oldest
        entry = k.prefixes[place]
        excess = queue.cached - max(room, 0)
        dropped = min(entry.tokens, whole_blocks(excess + BLOCK_TOKENS - 1))
        entry.tokens -= dropped
        queue.cached -= dropped
        if entry.tokens == 0:
            unlist_entry(k, queue, place)
            forget(k, place)


@apart
def trim(k, queue):
    """Keeps the cache within the room that running sequences leave."""
    if queue.cached > 0:
        evict(k, queue, queue.kv_room - queue.kv_used)


@apart
def session_key(k, request):
    """The key of a conversation's cache; segments have keys from 0 on, NONE is -1."""
    return -2 - k.asked[request].session


@apart
def has_history(k, slot):
    """Whether the attempt belongs to a conversation whose prompts carry what was said."""
    asked = k.asked[k.slots[slot].request]
    return asked.segment_count == 0 and asked.carries_history != 0 and asked.session >= 0


@apart
def may_repeat(k, slot):
    """Whether the attempt's prompt could be found in a cache, in part."""
    return k.asked[k.slots[slot].request].segment_count > 0 or has_history(k, slot)


@apart
def held_tokens(k, owner, slot):
    """Tokens of the prompt that running sequences hold already: no more room is needed for them."""
    asked = k.asked[k.slots[slot].request]
    limit = k.slots[slot].prefill_target - 1
    tokens = 0
    for step in range(asked.segment_count):
        segment = k.segments[asked.first_segment + step]
        place = find(k, owner, segment.key)
        if place == NONE or k.prefixes[place].holders == 0 or tokens + segment.tokens > limit:
            break
        tokens += segment.tokens
    return tokens


@apart
def take_prefix(k, owner, queue, slot):
    """Lets a sequence that is admitted begin behind what the cache has of its prompt."""
    entry = k.slots[slot]
    if has_history(k, slot):
        found = take_session(k, owner, queue, slot)
    else:
        found = take_segments(k, owner, queue, slot)
    fresh = min(found, entry.prompt) - max(entry.lost, 0)
    entry.cached += max(0, fresh)
    entry.computed = found


@apart
def take_session(k, owner, queue, slot):
    """Takes the conversation's tokens along, as far as the prompt repeats them."""
    entry = k.slots[slot]
    place = find(k, owner, session_key(k, entry.request))
    if place == NONE:
        return 0
    shared = min(k.prefixes[place].tokens, k.asked[entry.request].history)
    found = whole_blocks(min(shared, entry.prefill_target - 1))
    if found > 0:
        unlist_entry(k, queue, place)
        forget(k, place)
        count_kv(k, queue, found)
    return found


@apart
def take_segments(k, owner, queue, slot):
    """Holds every segment from the prompt's beginning that is there; copies the blocks of a last one.

    At least one token is left to compute.
    """
    entry = k.slots[slot]
    asked = k.asked[entry.request]
    limit = entry.prefill_target - 1
    for step in range(asked.segment_count):
        segment = k.segments[asked.first_segment + step]
        place = find(k, owner, segment.key)
        if place == NONE:
            break
        if k.prefixes[place].tokens < segment.tokens or entry.shared + segment.tokens > limit:
            copied = whole_blocks(min(k.prefixes[place].tokens, limit - entry.shared))
            count_kv(k, queue, copied)
            return entry.shared + copied
        if k.prefixes[place].holders == 0:
            unlist_entry(k, queue, place)
            count_kv(k, queue, segment.tokens)
        hold(k, place, entry, segment)
    return entry.shared


@apart
def hold(k, place, entry, segment):
    """Makes a sequence one more holder of an entry."""
    k.prefixes[place].holders += 1
    entry.shared += segment.tokens
    entry.held += 1


@apart
def offer_segments(k, owner, queue, slot):
    """Lets others find the segments whose last token a sequence has computed now.

    Where another was first, the sequence holds that one's and gives its own copy back.
    """
    entry = k.slots[slot]
    asked = k.asked[entry.request]
    while entry.held < asked.segment_count:
        segment = k.segments[asked.first_segment + entry.held]
        if entry.shared + segment.tokens > entry.computed:
            return
        place = find(k, owner, segment.key)
        if place == NONE:
            place = new_entry(k, owner, segment.key)
        unlist_entry(k, queue, place)
        if k.prefixes[place].holders > 0:
            count_kv(k, queue, -segment.tokens)
        k.prefixes[place].tokens = segment.tokens
        hold(k, place, entry, segment)


@apart
def leave_behind(k, owner, queue, slot, tokens):
    """Gives back a sequence's segments and its `tokens` of KV; the blocks stay until evicted."""
    entry = k.slots[slot]
    count_kv(k, queue, entry.shared - tokens)
    rest = whole_blocks(tokens - entry.shared)
    if has_history(k, slot):
        keep_session(k, owner, queue, slot, rest)
    elif rest > 0:
        place = new_entry(k, owner, NONE)
        k.prefixes[place].tokens = rest
        list_entry(k, queue, place, entry.number)
    asked = k.asked[entry.request]
    while entry.held > 0:
        entry.held -= 1
        segment = k.segments[asked.first_segment + entry.held]
        let_go(k, queue, find(k, owner, segment.key), entry.number)
    entry.shared = 0


@apart
def let_go(k, queue, place, number):
    """One holder less; the last one leaves the entry free."""
    entry = k.prefixes[place]
    entry.holders -= 1
    if entry.holders == 0:
        count_kv(k, queue, -entry.tokens)
        list_entry(k, queue, place, number)
        return
    entry.number = release_number(queue, entry, number)
    entry.stamp = queue.clock


@apart
def keep_session(k, owner, queue, slot, tokens):
    """Leaves a conversation's tokens under its key; of two stories the longer one stays."""
    if tokens == 0:
        return
    key = session_key(k, k.slots[slot].request)
    place = find(k, owner, key)
    if place == NONE:
        place = new_entry(k, owner, key)
    unlist_entry(k, queue, place)
    k.prefixes[place].tokens = max(k.prefixes[place].tokens, tokens)
    list_entry(k, queue, place, k.slots[slot].number)
