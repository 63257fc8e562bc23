#include "attachment.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>
#include <thread>
#include <utility>

#include "shm/name/system_name.hpp"
#include "shm/pin/pin.hpp"
#include "shm/protocol/handshake.hpp"
#include "shm/segment/segment_owner.hpp"

namespace ringside::detail {

using shm::Deadline;

namespace {

bool may_be_resumed_later(Errc error) noexcept {
    return error == Errc::would_block || error == Errc::no_broker || error == Errc::system_error;
}

Error system_error(const char* what) {
    return {Errc::system_error, std::string(what) + ": " + std::strerror(errno)};
}

}  // namespace

Attachment::Attachment(AttachTerms terms)
    : terms_(std::move(terms)),
      mutex_([](void* self) noexcept { static_cast<Attachment*>(self)->close_in_child(); }, this) {}

/// The broker detects the end of a process when no descriptor of its socket remains open.
void Attachment::close_in_child() noexcept {
    const Descriptor socket(std::move(socket_));
    const Descriptor doorbell(std::move(doorbell_));
    const Descriptor memory(std::move(memory_descriptor_));
    if (greeting_) const Descriptor greeted = greeting_->take_socket();
}

namespace {

/// Names the process of a broker that does not answer. A hung broker cannot hand over, so only its
/// end helps.
Error no_answer(const AttachTerms& terms) {
    const auto segment = shm::Segment::open(terms.grid, terms.owner);
    const auto pid = segment ? shm::living_broker(*segment) : std::nullopt;
    if (!pid) return Error(Errc::no_broker, "no answer from its socket");
    const std::string process = std::to_string(*pid);
    return Error(Errc::no_broker, "no answer from process " + process +
                                      "; stop that process (kill -KILL " + process +
                                      "), then start the broker again");
}

}  // namespace

Result<std::shared_ptr<Attachment>> Attachment::make(const AttachTerms& terms, Deadline deadline,
                                                     std::chrono::milliseconds answer_time) {
    if (terms.is_offline) return open_offline(terms);
    if (auto checked = system_name::check_user(terms.user); !checked) return checked.error();
    for (std::chrono::milliseconds pause{1};;
         pause = std::min(pause * 2, std::chrono::milliseconds(50))) {
        const Deadline answered = Deadline::after(answer_time);
        auto made = begin(terms, answered);
        auto finished = made ? (*made)->finish(answered) : Result<void>(made.error());
        if (finished) return made;
        Error failure = finished.error();
        const bool is_unanswered = failure == Errc::would_block;
        if (is_unanswered) failure = Error(Errc::no_broker, "no answer from its socket");
        const bool may_pass = failure == Errc::no_such_grid || failure == Errc::no_broker;
        if (!may_pass || deadline.left() < pause) return is_unanswered ? no_answer(terms) : failure;
        std::this_thread::sleep_for(pause);
    }
}

Result<std::shared_ptr<Attachment>> Attachment::begin(const AttachTerms& terms, Deadline deadline) {
    std::shared_ptr<Attachment> made(new Attachment(terms));
    if (auto greeted = made->greet(deadline); !greeted) return greeted.error();
    return made;
}

Result<std::shared_ptr<Attachment>> Attachment::open_offline(const AttachTerms& terms) {
    std::shared_ptr<Attachment> made(new Attachment(terms));
    if (auto begun = made->begin_offline(); !begun) return begun.error();
    return made;
}

Result<void> Attachment::begin_offline() {
    fork_generation_ = fork_generation();
    auto opened = shm::Segment::open(terms_.grid, terms_.owner);
    if (!opened) return opened.error();
    segment_ = std::move(*opened);
    // The claim first: a broker that starts later changes it, one that started before is found.
    const shm::BrokerLine& line = segment().header().broker;
    dead_broker_ = line.broker_pid.load(std::memory_order_relaxed);
    dead_broker_start_ = line.broker_start.load(std::memory_order_relaxed);
    // SYNC broker-generation: pairs with Service::announce().
    generation_ = segment().header().horizon.generation.load(std::memory_order_acquire);
    if (is_grid_over()) return Error(Errc::no_such_grid, "the grid has ended");
    if (const auto pid = shm::living_broker(segment_)) {
        return Error(Errc::grid_in_use,
                     "its broker runs (pid " + std::to_string(*pid) +
                         "); read the grid through the broker instead of offline");
    }
    void* base = mmap(nullptr, shm::session_memory_bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED) return system_error("cannot map memory for pins");
    memory_ = shm::SessionMemoryView(static_cast<std::byte*>(base));
    own_entry_ = std::make_unique<shm::SessionEntry>();
    entry_ = own_entry_.get();
    is_orphan_ = true;
    return {};
}

/// Returns whether a broker has claimed the segment since it was opened: then it may reuse memory.
bool Attachment::check_claimed() noexcept {
    // SYNC segment-claim: pairs with the fence in `claim`, after which the broker changes the
    // segment; the reads before this call come first.
    std::atomic_thread_fence(std::memory_order_acquire);
    const shm::BrokerLine& line = segment().header().broker;
    const bool is_unchanged =
        line.broker_pid.load(std::memory_order_relaxed) == dead_broker_ &&
        line.broker_start.load(std::memory_order_relaxed) == dead_broker_start_ && !is_grid_over();
    if (is_unchanged) return false;
    own_entry_->revoked_below.store(~Revision{0}, std::memory_order_relaxed);
    const std::lock_guard lock(mutex_);
    loss_ = Error(Errc::snapshot_expired, "a broker started while the segment was read offline");
    is_lost_.store(true, std::memory_order_relaxed);
    return true;
}

shm::Hello Attachment::hello() const {
    shm::Hello hello;
    hello.layout = shm::layout_version;
    hello.fingerprint = shm::layout_fingerprint();
    terms_.program.copy(hello.name.data(), hello.name.size() - 1);
    terms_.user.copy(hello.user.data(), hello.user.size() - 1);
    return hello;
}

Result<void> Attachment::greet(Deadline deadline) {
    fork_generation_ = fork_generation();
    auto segment = shm::Segment::open(terms_.grid, terms_.owner);
    if (!segment) return segment.error();
    segment_ = std::move(*segment);
    const auto paths = shm::GridPaths::of(terms_.grid, segment_.owner()).value();
    // Before the request to the broker, so that a take-over in between is detected.
    // SYNC broker-generation: pairs with Service::announce().
    generation_ = segment_.view().header().horizon.generation.load(std::memory_order_acquire);
    auto greeting = Greeting::begin(paths, segment_.owner(), hello(), {}, deadline);
    if (!greeting) return greeting.error();
    greeting_ = std::move(*greeting);
    return {};
}

Result<void> Attachment::finish(Deadline deadline) {
    Greeting::Descriptors received;
    auto welcome = greeting_->await(received, deadline);
    if (!welcome) return welcome.error();
    Greeting greeting = *std::exchange(greeting_, std::nullopt);
    if (welcome->boot_id != segment_.view().identity().boot_id) {
        return Error(Errc::no_broker,
                     "the grid was recreated while the client connected; try again");
    }
    socket_ = greeting.take_socket();
    memory_descriptor_ = std::move(received[0]);
    doorbell_ = std::move(received[1]);
    void* base = mmap(nullptr, shm::session_memory_bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
                      memory_descriptor_.get(), 0);
    if (base == MAP_FAILED) return system_error("cannot map the session's memory");
    memory_ = shm::SessionMemoryView(static_cast<std::byte*>(base));
    session_ = welcome->session;
    session_index_ = welcome->session_index;
    if (session_index_ >= limits::sessions_max)
        return Error(Errc::no_broker, "invalid session number in its answer");
    entry_ = &segment_.view().session(session_index_);
    const bool host_can = (segment_.view().identity().flags & shm::Identity::asymmetric_fence) != 0;
    light_pins_ = host_can && shm::register_for_membarrier();
    return {};
}

/// Sends a Hello to the current broker. Errors: those of `Greeting::begin`.
Result<void> Attachment::begin_resuming(Deadline deadline) {
    const auto paths = shm::GridPaths::of(terms_.grid, segment_.owner()).value();
    // SYNC broker-generation: pairs with Service::announce(); its socket listens.
    greeted_generation_ = segment().header().horizon.generation.load(std::memory_order_acquire);
    shm::Hello wanted = hello();
    wanted.boot_id = segment().identity().boot_id;
    wanted.session = session_;
    wanted.session_index = session_index_;
    const int memory = memory_descriptor_.get();
    auto greeting =
        Greeting::begin(paths, segment_.owner(), wanted, std::span(&memory, 1), deadline);
    if (!greeting) return greeting.error();
    greeting_ = std::move(*greeting);
    return {};
}

/// Errors: would_block, no_broker, system_error (to be retried); all others end the session.
Result<void> Attachment::resume() {
    Deadline deadline = Deadline::after(std::chrono::seconds(0));
    if (!greeting_) {
        deadline = Deadline::after(std::min(resume_time, terms_.greeting_time));
        if (auto begun = begin_resuming(deadline); !begun) return begun;
    }
    Greeting::Descriptors received;
    auto welcome = greeting_->await(received, deadline);
    if (!welcome) {
        if (welcome.error() != Errc::would_block) greeting_.reset();
        return welcome.error();
    }
    const Greeting greeting = *std::exchange(greeting_, std::nullopt);
    // Other threads use these descriptors concurrently: each is replaced in one step.
    if (dup3(received[0].get(), doorbell_.get(), O_CLOEXEC) < 0 ||
        dup3(greeting.socket(), socket_.get(), O_CLOEXEC) < 0) {
        return system_error("dup3");
    }
    generation_.store(greeted_generation_, std::memory_order_relaxed);
    // SYNC session-resumed: pairs with resumptions(): a sender that sees this sends requests again
    // that the former broker may have received in part.
    resumptions_.fetch_add(1, std::memory_order_release);
    return {};
}

Attachment::~Attachment() {
    if (memory_.base() == nullptr) return;
    if (!is_lost() && !is_offline()) await_taken();
    munmap(memory_.base(), shm::session_memory_bytes);
}

/// Messages that the broker has not taken end with the session. Waits until answers to calls, and
/// other messages without a reply, have been taken.
void Attachment::await_taken() noexcept {
    constexpr std::chrono::milliseconds time{200};
    const Deadline deadline = Deadline::after(time);
    ring_doorbell();
    for (const auto& lane : free_lanes_) {
        if (!lane->await_taken(deadline, {})) return;  // the broker is gone or stuck
    }
}

bool Attachment::is_of_parent() const noexcept { return fork_generation_ != fork_generation(); }

bool Attachment::is_grid_over() const noexcept {
    // SYNC grid-state: pairs with Segment::close.
    return segment().header().broker.state.load(std::memory_order_acquire) !=
           static_cast<std::uint32_t>(shm::GridState::serving);
}

/// Reads a Goodbye if one is available.
bool Attachment::socket_has_ended() noexcept {
    pollfd peer{socket_.get(), POLLIN, 0};
    if (poll(&peer, 1, 0) <= 0) return false;
    shm::Goodbye goodbye;
    const ssize_t got = recv(socket_.get(), &goodbye, sizeof goodbye, MSG_DONTWAIT);
    if (got == static_cast<ssize_t>(sizeof goodbye) && goodbye.magic == shm::handshake_magic) {
        goodbye.detail.back() = '\0';
        const std::lock_guard lock(mutex_);
        loss_ = Error(static_cast<Errc>(goodbye.error), goodbye.detail.data());
        is_lost_.store(true, std::memory_order_relaxed);
    }
    return true;
}

bool Attachment::check_lost() noexcept {
    if (is_lost()) return true;
    if (is_offline()) return check_claimed();
    const std::lock_guard resuming(resuming_);
    if (is_lost()) return true;
    // SYNC broker-generation: pairs with Service::announce().
    const std::uint64_t generation =
        segment().header().horizon.generation.load(std::memory_order_acquire);
    const bool has_ended = socket_has_ended();
    if (is_grid_over() || (has_ended && !terms_.resumes)) {
        is_lost_.store(true, std::memory_order_relaxed);
    }
    if (!has_ended || is_lost()) {
        // A broker starts only after its predecessor has closed its sockets, so this is its own
        // generation.
        generation_.store(generation, std::memory_order_relaxed);
        is_orphan_.store(false, std::memory_order_relaxed);
        return is_lost();
    }
    auto resumed = resume();
    is_orphan_.store(!resumed && may_be_resumed_later(resumed.error().code),
                     std::memory_order_relaxed);
    if (!resumed && !is_orphan()) is_lost_.store(true, std::memory_order_relaxed);
    return is_lost();
}

Error Attachment::loss() const {
    if (is_of_parent())
        return {Errc::connection_lost,
                "the session belongs to the parent process; open a client after fork()"};
    const std::lock_guard lock(mutex_);
    return loss_;
}

void Attachment::ring_doorbell() const noexcept {
    // SYNC doorbell-asleep: pairs with EngineThread::sleep(): the engine sees the request at its
    // last check, or this thread sees that the engine sleeps.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (segment().header().broker.asleep.load(std::memory_order_relaxed) == 0) return;
    const std::uint64_t one = 1;
    // Fails only if the counter is full, and then the engine is being woken already.
    [[maybe_unused]] const ssize_t written = write(doorbell_.get(), &one, sizeof one);
}

std::unique_ptr<Channel> Attachment::take_lane() {
    const std::lock_guard lock(mutex_);
    if (!free_lanes_.empty()) {
        auto lane = std::move(free_lanes_.back());
        free_lanes_.pop_back();
        return lane;
    }
    if (lanes_open_ == limits::lanes_per_session_max) return nullptr;
    auto lane = std::make_unique<Channel>(*this, lanes_open_++);
    // SYNC lane-count: pairs with Session::lanes_open() and E4: the engine reads this before the
    // lane's pin, and it is stored before the lane's first request or pin.
    memory_.control().lanes_open.store(static_cast<std::uint32_t>(lanes_open_),
                                       std::memory_order_seq_cst);
    return lane;
}

void Attachment::give_back_lane(std::unique_ptr<Channel> lane) {
    lane->end_tenancy();
    const std::lock_guard lock(mutex_);
    free_lanes_.push_back(std::move(lane));
}

std::optional<std::size_t> Attachment::take_pin() {
    const std::lock_guard lock(mutex_);
    const auto pin = pins_.take();
    // SYNC pin-count: pairs with Session::pins_used() in E4: stored before the pin itself, and read
    // before it.
    memory_.control().pins_used.store(pins_.used(), std::memory_order_seq_cst);
    return pin;
}

void Attachment::give_back_pin(std::size_t pin) noexcept {
    if (is_of_parent()) return;
    shm::PinSlot& slot = memory_.pin(pin);
    shm::unpin(slot.pin);
    slot.cursor.store(0, std::memory_order_relaxed);
    slot.lease_ms.store(0, std::memory_order_relaxed);
    const std::lock_guard lock(mutex_);
    pins_.give_back(pin);
}

std::optional<std::size_t> Attachment::take_declaration() {
    const std::lock_guard lock(mutex_);
    const auto place = declarations_.take();
    // Before the change counter, which the broker checks.
    memory_.control().declarations_used.store(declarations_.used(), std::memory_order_relaxed);
    return place;
}

void Attachment::give_back_declaration(std::size_t place) noexcept {
    const std::lock_guard lock(mutex_);
    declarations_.give_back(place);
}

void Attachment::announce_declarations() const noexcept {
    // SYNC declaration-changed: pairs with Declarations::has_changed; the declaration is visible.
    memory_.control().declarations_changed.fetch_add(1, std::memory_order_release);
    ring_doorbell();
}

}  // namespace ringside::detail
