#include "broker/reactor/engine_thread.hpp"

#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "broker/reactor/engine_wait.hpp"
#include "shm/pin/pin.hpp"
#include "shm/segment/statistics.hpp"
#include "shm/wait/futex.hpp"
#include "shm/wait/spin.hpp"

namespace ringside::broker {

namespace {

constexpr std::uint64_t ms = 1'000'000;
constexpr std::uint64_t housekeeping_interval_ns = 1 * ms;
constexpr unsigned turns_per_clock_reading = 8;
/// Divisor of the maximum spin time. Unsuccessful spinning is cut to this fraction.
constexpr int spin_share_min = 16;

std::uint64_t now() noexcept {
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                          std::chrono::system_clock::now().time_since_epoch())
                                          .count());
}

/// A pid of 0 is a process in another PID namespace: only its session's lease counts.
bool is_alive(std::uint32_t pid) noexcept {
    return pid == 0 || kill(static_cast<pid_t>(pid), 0) == 0 || errno == EPERM;
}

/// Wakes threads that sleep in the lanes of a session that has ended.
void wake_lanes(const Session& session) noexcept {
    for (const auto& lane : session.lanes()) {
        shm::futex_wake_all(lane->reply_tail_word());
        shm::futex_wake_all(lane->request_head_word());
    }
}

}  // namespace

EngineThread::EngineThread(const shm::Segment& segment, GridOptions options, EngineTimes times,
                           Durability& durability, MessagingOptions messaging,
                           const MemoryLimits& session_memory, Handover& handover,
                           std::function<void()> on_news, MemoryOptions memory)
    : segment_(&segment),
      heartbeat_interval_ns_(static_cast<std::uint64_t>(times.heartbeat_interval.count()) * ms),
      spin_(times.spin),
      spin_now_(times.spin),
      handover_(&handover),
      on_news_(std::move(on_news)),
      memory_(segment, std::move(memory)),
      waker_(segment.view()),
      engine_(
          segment.view(),
          {.commit_memory = [this](Offset offset,
                                   std::uint64_t bytes) { return memory_.commit(offset, bytes); },
           .heavy_fence =
               [this] {
                   // Readers rely on the engine's fence only if the segment says so.
                   const auto& identity = segment_->view().identity();
                   if ((identity.flags & shm::Identity::asymmetric_fence) != 0) {
                       shm::membarrier_all();
                   } else {
                       // SYNC pin-publish: E3, pairs with R1 to R3 of shm/pin/pin.hpp.
                       // SYNC ring-tail: pairs with the fence in subjects_of_changes: memory is
                       // reused after W1.
                       // SYNC pin-revoked: pairs with the fence in Attachment::revoked_below(), for
                       // sessions that were closed.
                       // SYNC store-reads-everything: E3, pairs with Recorder::write_everything.
                       std::atomic_thread_fence(std::memory_order_seq_cst);
                   }
               },
           .collect_pins = {},
           .kept_from = nullptr},
          options, durability, messaging, session_memory) {}

EngineThread::~EngineThread() { stop(); }

Result<void> EngineThread::start() {
    epoll_ = Descriptor(epoll_create1(EPOLL_CLOEXEC));
    nudge_ = Descriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!epoll_.is_open() || !nudge_.is_open()) {
        return Error(Errc::system_error, std::string("epoll or eventfd: ") + std::strerror(errno));
    }
    if (auto listened = listen_to(nudge_.get()); !listened) return listened;
    thread_ = std::thread([this] { run(); });
    return {};
}

void EngineThread::nudge() const noexcept {
    const std::uint64_t one = 1;
    // Fails only if the counter is full; the engine is then being woken already.
    [[maybe_unused]] const ssize_t written = write(nudge_.get(), &one, sizeof one);
}

void EngineThread::nudge_if_asleep() const noexcept {
    // SYNC doorbell-asleep: pairs with EngineThread::sleep(): the engine sees the caller's update,
    // or this thread sees that the engine sleeps.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (segment_->header().broker.asleep.load(std::memory_order_relaxed) != 0) nudge();
}

Result<void> EngineThread::listen_to(int doorbell) const {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLET;
    if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, doorbell, &event) == 0) return {};
    return Error(Errc::system_error, std::string("epoll_ctl: ") + std::strerror(errno));
}

void EngineThread::stop_listening_to(int doorbell) const noexcept {
    epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, doorbell, nullptr);
}

void EngineThread::stop() {
    // SYNC unpaired: run() loads relaxed; the join orders everything else.
    stop_.store(true);
    if (!thread_.joinable()) return;
    nudge();
    thread_.join();
}

Result<void> EngineThread::take_over(Survey&& survey) {
    return engine_.take_over(std::move(survey), now());
}

void EngineThread::deliver_held() {
    engine_.deliver_held(outbox_);
    empty_outbox();
}

void EngineThread::run() {
    pthread_setname_np(pthread_self(), "engine");
    commits_ = engine_.commits();
    shm::SpinWait spin(spin_);
    std::uint64_t now_ns = now();
    unsigned idle_turns = 0;
    bool is_idle = true;
    bool has_slept = false;  // since its last work
    while (!stop_.load(std::memory_order_relaxed)) {
        // While spinning, read the clock only once in several turns: the error is below a
        // microsecond.
        if (!is_idle || has_slept || ++idle_turns % turns_per_clock_reading == 0) now_ns = now();
        if (!is_idle) count_busy(now_ns);
        turn_began_ns_ = now_ns;
        hand_over_backlog();
        take_orders(now_ns);
        const bool worked = engine_.turn(now_ns, outbox_);
        empty_outbox();
        tell_opened();
        keep_house(now_ns);
        if (worked) {
            if (is_idle && !has_slept) spin_now_ = spin_;
            spin.restart(spin_now_);
            has_slept = false;
        } else if (!spin.pause()) {
            if (!has_slept) spin_now_ = std::max(spin_now_ / 2, spin_ / spin_share_min);
            sleep();
            has_slept = true;
        }
        is_idle = !worked;
    }
}

/// Adds the time of a turn that did work. The clock may have been set back since the turn began.
void EngineThread::count_busy(std::uint64_t now_ns) noexcept {
    auto& busy_ns = segment_->header().counters.busy_ns;
    const std::uint64_t spent = now_ns > turn_began_ns_ ? now_ns - turn_began_ns_ : 0;
    busy_ns.store(busy_ns.load(std::memory_order_relaxed) + spent, std::memory_order_relaxed);
    shm::Statistics& statistics = shm::statistics_of(segment_->view());
    statistics.turn_ns.observe(spent);
    const std::uint64_t commits = engine_.commits() - std::exchange(commits_, engine_.commits());
    if (commits == 0) return;
    statistics.commit_ns.observe(spent, commits);
    statistics.commits_of_turn.observe(commits);
}

void EngineThread::take_orders(std::uint64_t now_ns) {
    SessionOrder* taken = nullptr;
    while (handover_->orders.pop(taken)) {
        const std::unique_ptr<SessionOrder> order(taken);
        if (order->open != nullptr && order->is_resumed) {
            const OpenedSession opened{order->open->id(), order->open->peer().connection};
            if (auto refused = engine_.resume(std::move(order->open))) {
                outbox_.ended.push_back(std::move(*refused));
            } else {
                opened_.push_back(opened);
            }
        } else if (order->open != nullptr) {
            opened_.push_back({order->open->id(), order->open->peer().connection});
            engine_.open(std::move(order->open), now_ns);
        } else if (auto session = engine_.leave(order->close)) {
            outbox_.ended.push_back({std::move(session), Error()});
        }
    }
    empty_outbox();
}

/// Retries answers that did not fit into the queues because the reactor fell behind.
void EngineThread::hand_over_backlog() {
    if (!handover_->has_backlog()) return;
    handover_->flush_answers();
    on_news_();
}

/// Runs after a turn, so that a welcomed client finds the record of its session.
void EngineThread::tell_opened() {
    if (opened_.empty()) return;
    for (const OpenedSession& opened : opened_) handover_->opened.push(opened);
    opened_.clear();
    on_news_();
}

void EngineThread::empty_outbox() {
    for (const shm::HalfWord* word : outbox_.wake) shm::futex_wake_all(*word);
    const shm::HalfWord& published = shm::low_half(segment_->header().commit.published);
    if (outbox_.subjects != 0 && !outbox_.are_sleepers_counted) {
        outbox_.sleepers = shm::futex_wake(published, 1, outbox_.subjects);
        if (outbox_.sleepers > 0) waker_.wake(outbox_.subjects);  // there may be more
    } else if (outbox_.sleepers == 1) {
        shm::futex_wake_all(published, outbox_.subjects);
    } else if (outbox_.sleepers > 1) {
        waker_.wake(outbox_.subjects);
    }
    if (outbox_.sleepers > 0) {
        auto& wakes = segment_->header().counters.wakes;
        wakes.store(wakes.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    }
    const bool has_store_work = outbox_.subjects != 0 || outbox_.is_durability_wanted;
    if (has_store_work && notice_store_) notice_store_();
    const bool has_ended = !outbox_.ended.empty() || !outbox_.freed_indices.empty();
    for (const std::uint32_t index : outbox_.freed_indices) handover_->freed_indices.push(index);
    for (EndedSession& ended : outbox_.ended) {
        wake_lanes(*ended.session);
        handover_->ended.push(new EndedSession(std::move(ended)));
    }
    outbox_.clear();
    if (has_ended) on_news_();
}

void EngineThread::keep_house(std::uint64_t now_ns) {
    if (now_ns - housekept_ns_ >= housekeeping_interval_ns) {
        engine_.housekeep(now_ns);
        housekept_ns_ = now_ns;
    }
    if (now_ns - heartbeat_ns_ >= heartbeat_interval_ns_) {
        segment_->header().broker.heartbeat_ns.store(now_ns, std::memory_order_relaxed);
        heartbeat_ns_ = now_ns;
        if (!engine_.absent().empty()) {
            engine_.review_absent(now_ns, is_alive, outbox_);
            empty_outbox();
        }
    }
}

void EngineThread::sleep() {
    engine_.housekeep(now());
    shm::HalfWord& asleep = segment_->header().broker.asleep;
    // SYNC doorbell-asleep: pairs with Attachment::ring_doorbell() and nudge_if_asleep().
    asleep.store(1, std::memory_order_seq_cst);
    // SYNC doorbell-asleep: the fence between the store of `asleep` and the last check for work.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (!engine_.has_work() && handover_->orders.read_available() == 0) {
        const std::uint64_t wait_ms = engine_wait_ms(
            now() / ms, engine_.next_due_ms(), turn_began_ns_ / ms,
            engine_.is_held_up() || handover_->has_backlog(), heartbeat_interval_ns_ / ms);
        epoll_event events[16];
        // A signal or an error counts as a wake-up: the loop checks for work again.
        epoll_wait(epoll_.get(), events, 16, static_cast<int>(wait_ms));
    }
    asleep.store(0, std::memory_order_relaxed);
}

}  // namespace ringside::broker
