#pragma once

#include "bench/peers/picked_names.hpp"
#include "bench/support/process.hpp"
#include "bench/support/ticks.hpp"

namespace ringside::bench {

/// Another process, on core 1, that writes to a peer at full speed while it is permitted to. It
/// stops only between two writes: a process stopped while it holds a lock would block the readers.
class BackgroundWriter {
public:
    BackgroundWriter(const Peer& peer, std::size_t records)
        : name_(peer.name()), child_([&] {
              pin_to(1);
              const auto writer = peer.open_again();
              const PickedNames names(random_indices(records, 100'000, 7));
              const auto documents = some_documents();
              for (std::size_t i = 0;; i = (i + part) % names.all().size()) {
                  obey();
                  writer->write_pipelined(names.all().subspan(i, part), documents);
                  *written_ += part;
              }
          }) {
        await(resting);
    }
    ~BackgroundWriter() {
        try {
            rest();
        } catch (const std::exception& error) {
            fprintf(stderr, "%s\n", error.what());
        }
    }

    /// Returns once the process writes. After `most_ns`, it rests without a request.
    void write(double most_ns) const {
        (*write_until_ns_).store(now_ns() + static_cast<std::uint64_t>(most_ns));
        await(writing);
    }
    /// Returns once the process rests.
    void rest() const {
        (*write_until_ns_).store(0);
        await(resting);
    }
    [[nodiscard]] bool is_writing() const { return (*state_).load() == writing; }
    [[nodiscard]] std::uint64_t written() const { return *written_; }

private:
    static constexpr std::size_t part = 1000;
    enum State : std::uint64_t { starting, resting, writing };

    /// Runs in the child: publishes its state, and returns when it must write.
    void obey() const {
        for (;; usleep(100)) {
            const State state = now_ns() < (*write_until_ns_).load() ? writing : resting;
            (*state_).store(state);
            if (state == writing) return;
        }
    }
    void await(State state) const {
        const auto start = Clock::now();
        while ((*state_).load() != state) {
            if (child_.has_ended()) throw std::runtime_error("the writer to " + name_ + " died");
            if (ns_since(start) > 30e9)
                throw std::runtime_error("the writer to " + name_ + " is stuck");
            usleep(50);
        }
    }

    std::string name_;
    SharedFlag write_until_ns_;
    SharedFlag state_;
    SharedFlag written_;
    Child child_;
};

}  // namespace ringside::bench
