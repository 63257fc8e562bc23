#include <poll.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "broker/reactor/reactor.hpp"
#include "broker/session/session_memory.hpp"
#include "shm/protocol/handshake.hpp"
#include "shm/protocol/packet.hpp"
#include "tests/fuzz/support/input.hpp"
#include "tests/support/temporary_directory.hpp"

/// Packets on the socket of a real reactor, with its broker in this process. Each packet is
/// answered, or its connection is closed, and other clients are still served.
///   packet: what it is, and which descriptors it carries | size | bytes over those of a greeting
using namespace ringside;
using fuzz::require;

namespace {

constexpr unsigned is_raw = 1;       ///< not a greeting: only the given bytes
constexpr unsigned is_resuming = 2;  ///< a session that the segment knows
constexpr unsigned has_memory = 4;   ///< carries the memory of a session
constexpr unsigned has_file = 8;     ///< carries another file

constexpr SessionId former_session = 1'000'000;
constexpr std::uint32_t former_index = limits::sessions_max - 1;

std::string socket_path() {
    static const testing::TemporaryDirectory directory;
    return directory / "socket";
}

/// Returns a greeting that is accepted.
shm::Hello hello() {
    shm::Hello hello;
    hello.layout = shm::layout_version;
    hello.fingerprint = shm::layout_fingerprint();
    hello.name = {'f', 'u', 'z', 'z'};
    return hello;
}

/// Returns the greeting of a broker that takes over.
shm::TakeOverRequest hand_over() {
    return {.layout = shm::layout_version, .fingerprint = shm::layout_fingerprint()};
}

/// Serves until `end`. Signals are left to the fuzzer.
class Broker {
public:
    Broker() : segment_(shm::Segment::create_anonymous({.memory_bytes = 8ULL << 20}).value()) {
        spdlog::set_level(spdlog::level::off);
        options_.spin = std::chrono::microseconds(0);
        shm::GridPaths paths = shm::GridPaths::of("fuzz").value();
        paths.socket_path = socket_path();
        struct sigaction terminate {};
        struct sigaction interrupt {};
        sigaction(SIGTERM, nullptr, &terminate);
        sigaction(SIGINT, nullptr, &interrupt);
        reactor_.emplace(segment_, options_, paths, durability_);
        sigaction(SIGTERM, &terminate, nullptr);
        sigaction(SIGINT, &interrupt, nullptr);
        shm::SessionEntry& former = segment_.view().session(former_index);
        former.pid = static_cast<std::uint32_t>(getpid());
        former.uid = getuid();
        former.id = former_session;
        require(reactor_->listen().has_value() && reactor_->engine().start().has_value(), "serves");
        thread_ = std::thread([this] { reactor_->run(); });
    }
    /// Ends it as the next broker would. Its logger is gone when the process ends.
    void end();
    [[nodiscard]] std::uint64_t boot_id() const { return segment_.view().identity().boot_id; }

private:
    shm::Segment segment_;
    broker::Options options_;
    broker::Durability durability_;
    std::optional<broker::Reactor> reactor_;
    std::thread thread_;
};

class Connection {
public:
    Connection() : socket_(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        socket_path().copy(address.sun_path, sizeof address.sun_path - 1);
        require(connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address),
                        sizeof address) == 0,
                "the broker listens");
    }

    [[nodiscard]] bool send(ByteView packet) const {
        return shm::send_packet(socket_.get(), packet.data(), packet.size(), {});
    }

    /// Returns whether a session has begun or been resumed.
    bool say(ByteView packet, std::span<const int> descriptors) {
        if (!shm::send_packet(socket_.get(), packet.data(), packet.size(), descriptors)) {
            is_open_ = false;
            return false;
        }
        require(waits_for_answer(), "an answer, or the end");
        Byte answer[512];
        const shm::Packet got = shm::receive_packet(socket_.get(), answer, sizeof answer);
        shm::Welcome welcome;
        is_open_ = got.size == sizeof welcome;
        if (!is_open_) {
            require(got.size <= 0 || got.size == sizeof(shm::Goodbye), "a goodbye");
            return false;
        }
        std::memcpy(&welcome, answer, sizeof welcome);
        require(welcome.magic == shm::handshake_magic, "an answer");
        if (welcome.error != 0) {
            is_open_ = false;
            refusal_ = Error(static_cast<Errc>(welcome.error)).text();
        }
        require(!is_open_ || got.descriptors[0].is_open(), "a welcome brings descriptors");
        return is_open_;
    }
    [[nodiscard]] bool is_open() const noexcept { return is_open_; }
    /// The reason for the refusal; empty if the connection was closed.
    [[nodiscard]] const std::string& refusal() const noexcept { return refusal_; }

private:
    /// Returns false after five seconds without data. The fuzzer's own timer interrupts a poll.
    [[nodiscard]] bool waits_for_answer() const {
        const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(5);
        pollfd ready{socket_.get(), POLLIN, 0};
        int found = -1;
        do {
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(
                until - std::chrono::steady_clock::now());
            found = poll(&ready, 1, std::max(0, static_cast<int>(left.count())));
        } while (found < 0 && errno == EINTR);
        return found == 1;
    }

    Descriptor socket_;
    bool is_open_ = true;
    std::string refusal_;
};

void Broker::end() {
    const shm::TakeOverRequest wanted = hand_over();
    Connection next;
    require(next.send({reinterpret_cast<const Byte*>(&wanted), sizeof wanted}), "it is told");
    thread_.join();
}

/// A broker that hands over ends.
bool asks_for_the_grid(const Bytes& packet) {
    const shm::TakeOverRequest wanted = hand_over();
    return packet.size() == sizeof wanted &&
           std::memcmp(packet.data(), &wanted, sizeof wanted) == 0;
}

void send_packet(Connection& connection, std::uint64_t boot_id, fuzz::Input& input) {
    const unsigned what = input.number();
    shm::Hello greeting = hello();
    if ((what & is_resuming) != 0) {
        greeting.session = former_session;
        greeting.session_index = former_index;
        greeting.boot_id = boot_id;
    }
    Bytes packet(sizeof greeting);
    std::memcpy(packet.data(), &greeting, sizeof greeting);
    const std::size_t at = (what & is_raw) != 0 ? 0 : input.number() % sizeof greeting;
    const ByteView bytes = input.take(input.number());
    packet.resize((what & is_raw) != 0 ? bytes.size() : std::max(packet.size(), at + bytes.size()));
    std::copy(bytes.begin(), bytes.end(), packet.begin() + static_cast<std::ptrdiff_t>(at));
    if (asks_for_the_grid(packet)) return;
    auto memory = broker::SessionMemory::create().value();
    const Descriptor whole = memory.take_descriptor();
    const Descriptor other(memfd_create("ringside-fuzz", MFD_CLOEXEC));
    std::vector<int> descriptors;
    if ((what & has_memory) != 0) descriptors.push_back(whole.get());
    if ((what & has_file) != 0) descriptors.push_back(other.get());
    static_cast<void>(connection.say(packet, descriptors));
}

void expect_welcome() {
    const shm::Hello greeting = hello();
    Connection honest;
    const bool is_welcome =
        honest.say({reinterpret_cast<const Byte*>(&greeting), sizeof greeting}, {});
    require(is_welcome, "others are welcome: " + honest.refusal());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr unsigned inputs_per_check = 64;
    static auto& broker = *new Broker;
    static const int ends = std::atexit([] { broker.end(); });
    require(ends == 0, "it is ended");
    static unsigned inputs = 0;
    fuzz::Input input(data, size);
    Connection connection;
    for (int packets = 0; packets < 4 && !input.empty() && connection.is_open(); ++packets) {
        send_packet(connection, broker.boot_id(), input);
    }
    if (++inputs % inputs_per_check == 0) expect_welcome();
    return 0;
}
