//! Which connections there may be, for how long, and which of them makes room for another.
//!
//! A connection *waits* until its next request is whole, head and body, and is *busy* until that
//! request is answered: until the last byte of the answer is with the system, however slowly the other side
//! takes it. It may wait so long and no longer: for the rest of a head that has begun, for the rest of a
//! body, for the other side to take another part of an answer, and between requests. Where there are as many connections as there may be, one
//! that waits makes room for a new one, first of all those that have sent a part of a request and not
//! the rest; so whoever opens thousands and sends nothing loses them, and others are served. Busy ones
//! never make room for others: what is done for them is the collector's own, and ends, and an answer that
//! nobody takes has its time.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::sync::{Notify, oneshot};

/// What connections may have.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// How many there may be.
    pub connections: usize,
    /// How long the head of a request may take, from the connection's beginning or the head's.
    pub head: Duration,
    /// How long a body may take, and each part of an answer until the other side has taken it.
    pub body: Duration,
    /// How long a connection may be without a request. Longer than what proxies keep theirs, so that
    /// they do not send into one that is being closed.
    pub idle: Duration,
}

/// A head that is younger is on its way.
const FRESH: Duration = Duration::from_secs(1);

/// The connections that there are.
pub(super) struct Room {
    bounds: Bounds,
    seats: Mutex<Seats>,
    freed: Notify,
}

#[derive(Default)]
struct Seats {
    next: u64,
    /// Who is there, and as what. To drop a sender is to send its connection away.
    taken: HashMap<u64, (State, oneshot::Sender<()>)>,
    /// Those who wait, by since when, in the order of [`Wait`].
    waiting: [BTreeSet<(Duration, u64)>; 4],
}

/// What a connection waits for.
#[derive(Clone, Copy)]
enum Wait {
    Head,
    Body,
    Answer,
    Idle,
}

/// What a connection waits for, and since when; none where it is busy with the collector's own.
type State = Option<(Wait, Duration)>;

impl Seats {
    fn change(&mut self, id: u64, to: State) {
        let Some((state, _)) = self.taken.get_mut(&id) else { return };
        let from = std::mem::replace(state, to);
        self.unlist(id, from);
        if let Some((wait, since)) = to {
            self.waiting[wait as usize].insert((since, id));
        }
    }

    fn remove(&mut self, id: u64) {
        if let Some((state, _)) = self.taken.remove(&id) {
            self.unlist(id, state);
        }
    }

    fn unlist(&mut self, id: u64, state: State) {
        if let Some((wait, since)) = state {
            self.waiting[wait as usize].remove(&(since, id));
        }
    }

    fn oldest(&self, wait: Wait) -> Option<(Duration, u64)> {
        self.waiting[wait as usize].first().copied()
    }

    /// Sends away who can be spared first; whether there was anybody.
    fn evict(&mut self, now: Duration) -> bool {
        let part = self.oldest(Wait::Head).into_iter().chain(self.oldest(Wait::Body)).min();
        let stale = part.filter(|(since, _)| now.saturating_sub(*since) >= FRESH);
        let Some((_, id)) = stale.or(self.oldest(Wait::Idle)).or(part) else { return false };
        self.remove(id);
        true
    }

    /// Sends away whose time is over. A body's is seen to where it is read, so that it is answered.
    fn sweep(&mut self, now: Duration, bounds: &Bounds) {
        let limits =
            [(Wait::Head, bounds.head), (Wait::Answer, bounds.body), (Wait::Idle, bounds.idle)];
        for (wait, bound) in limits {
            while let Some((since, id)) = self.oldest(wait)
                && now.saturating_sub(since) >= bound
            {
                self.remove(id);
            }
        }
    }
}

impl Room {
    pub(super) fn new(bounds: Bounds) -> Arc<Self> {
        Arc::new(Self { bounds, seats: Mutex::default(), freed: Notify::new() })
    }

    fn seats(&self) -> MutexGuard<'_, Seats> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn sweep(&self, now: Duration) {
        self.seats().sweep(now, &self.bounds);
        self.freed.notify_one();
    }

    pub(super) fn evict(&self, now: Duration) {
        self.seats().evict(now);
    }

    /// A seat for a new connection, and what ends when it has to leave. Waits where all are busy.
    pub(super) async fn seat(
        self: &Arc<Self>,
        now: impl Fn() -> Duration,
    ) -> (Seat, oneshot::Receiver<()>) {
        loop {
            let freed = self.freed.notified();
            if let Some(seated) = self.try_seat(now()) {
                return seated;
            }
            freed.await;
        }
    }

    fn try_seat(self: &Arc<Self>, now: Duration) -> Option<(Seat, oneshot::Receiver<()>)> {
        let mut seats = self.seats();
        if seats.taken.len() >= self.bounds.connections && !seats.evict(now) {
            return None;
        }
        let (stay, leave) = oneshot::channel();
        let id = seats.next;
        seats.next += 1;
        seats.taken.insert(id, (None, stay));
        seats.change(id, Some((Wait::Head, now)));
        let seat = Seat { room: Arc::clone(self), id, given: AtomicBool::new(false) };
        Some((seat, leave))
    }
}

/// A connection's place among the others; given up when dropped.
pub(super) struct Seat {
    room: Arc<Room>,
    id: u64,
    /// Whether all of the answer has been given to what writes it.
    given: AtomicBool,
}

impl Seat {
    /// How long a body may take.
    pub(super) fn body_time(&self) -> Duration {
        self.room.bounds.body
    }

    /// The request is whole.
    pub(super) fn busy(&self) {
        self.given.store(false, Ordering::Relaxed);
        self.room.seats().change(self.id, None);
    }

    /// The head is whole, the body not.
    pub(super) fn reads(&self, now: Duration) {
        self.given.store(false, Ordering::Relaxed);
        self.room.seats().change(self.id, Some((Wait::Body, now)));
    }

    /// There is an answer, which the other side is to take.
    pub(super) fn answers(&self, now: Duration) {
        self.room.seats().change(self.id, Some((Wait::Answer, now)));
    }

    /// The other side has taken a part of what is written; that it is an answer is not said.
    pub(super) fn taken(&self, now: Duration) {
        let mut seats = self.room.seats();
        if let Some((Some((Wait::Answer, _)), _)) = seats.taken.get(&self.id) {
            seats.change(self.id, Some((Wait::Answer, now)));
        }
    }

    /// All of the answer is given to what writes it.
    pub(super) fn given(&self) {
        self.given.store(true, Ordering::Relaxed);
    }

    /// All that was given is with the system.
    pub(super) fn flushed(&self, now: Duration) {
        if self.given.swap(false, Ordering::Relaxed) {
            self.idle(now);
        }
    }

    /// The request is answered.
    fn idle(&self, now: Duration) {
        self.room.seats().change(self.id, Some((Wait::Idle, now)));
        self.room.freed.notify_one();
    }

    /// Bytes have come: between requests, the next one's head has begun.
    pub(super) fn heard(&self, now: Duration) {
        let mut seats = self.room.seats();
        if let Some((Some((Wait::Idle, _)), _)) = seats.taken.get(&self.id) {
            seats.change(self.id, Some((Wait::Head, now)));
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.room.seats().remove(self.id);
        self.room.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// A room for three.
    fn room() -> Arc<Room> {
        Room::new(Bounds { connections: 3, head: at(10), body: at(10), idle: at(75) })
    }

    type Seated = (Seat, oneshot::Receiver<()>);

    fn seated(room: &Arc<Room>, now: u64) -> Seated {
        room.try_seat(at(now)).unwrap()
    }

    fn is_there((_, leave): &mut Seated) -> bool {
        matches!(leave.try_recv(), Err(oneshot::error::TryRecvError::Empty))
    }

    #[test]
    fn whoever_has_begun_a_request_longest_makes_room() {
        let room = room();
        let [mut first, mut second, mut third] = [0, 1, 2].map(|now| seated(&room, now));
        first.0.busy();
        second.0.reads(at(3));
        let mut fourth = seated(&room, 9);
        assert!(is_there(&mut first) && is_there(&mut second) && is_there(&mut fourth));
        assert!(!is_there(&mut third));
        let _fifth = seated(&room, 9);
        assert!(!is_there(&mut second), "a body that does not come goes like a head");
    }

    #[test]
    fn one_between_requests_goes_before_a_head_that_is_on_its_way() {
        let room = room();
        let [mut first, mut second, mut third] = [0, 1, 2].map(|now| seated(&room, now));
        first.0.idle(at(9));
        second.0.idle(at(10));
        second.0.heard(at(10));
        third.0.busy();
        let _fourth = seated(&room, 10);
        assert!(!is_there(&mut first) && is_there(&mut second) && is_there(&mut third));
    }

    #[tokio::test]
    async fn where_all_are_busy_a_new_one_waits_until_one_is_answered() {
        let room = room();
        let three = [0, 0, 0].map(|now| seated(&room, now));
        three.iter().for_each(|(seat, _)| seat.busy());
        assert!(room.try_seat(at(1)).is_none());
        let answer = async { three[0].0.idle(at(1)) };
        let ((_fourth, _), ()) = tokio::join!(room.seat(|| at(1)), answer);
    }

    #[test]
    fn time_is_over_for_heads_and_for_those_who_ask_nothing() {
        let room = room();
        let [mut head, mut idle, mut busy] = [0, 0, 0].map(|now| seated(&room, now));
        idle.0.idle(at(0));
        busy.0.busy();
        room.sweep(at(9));
        assert!(is_there(&mut head));
        room.sweep(at(10));
        assert!(!is_there(&mut head) && is_there(&mut idle));
        idle.0.heard(at(70));
        room.sweep(at(79));
        assert!(is_there(&mut idle), "its next head began a little ago");
        room.sweep(at(80));
        assert!(!is_there(&mut idle) && is_there(&mut busy));
    }

    #[test]
    fn an_answer_makes_no_room_and_has_its_time_for_each_part() {
        let room = room();
        let [mut first, mut second, mut third] = [0, 0, 0].map(|now| seated(&room, now));
        for (seat, _) in [&first, &second, &third] {
            seat.busy();
            seat.answers(at(1));
        }
        assert!(room.try_seat(at(9)).is_none(), "all are being answered");
        first.0.taken(at(9));
        second.0.flushed(at(9));
        third.0.given();
        third.0.flushed(at(9));
        room.sweep(at(11));
        assert!(is_there(&mut first) && !is_there(&mut second) && is_there(&mut third));
        room.sweep(at(19));
        assert!(!is_there(&mut first) && is_there(&mut third), "nobody takes the rest");
    }

    #[test]
    fn a_connection_that_ends_gives_its_place_up() {
        let room = room();
        for now in 0..100 {
            drop(seated(&room, now));
        }
        let seats = room.seats();
        assert!(seats.taken.is_empty() && seats.waiting.iter().all(BTreeSet::is_empty));
    }
}
