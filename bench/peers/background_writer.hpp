#pragma once

#include "bench/peers/picked_names.hpp"
#include "bench/support/process.hpp"

namespace ringside::bench {

/// Another process, on core 1, that writes to a peer at full speed while it may. It is only stopped
/// between two writes: one that holds a lock would stop the readers with it.
class BackgroundWriter {
public:
    BackgroundWriter(const Peer& peer, std::size_t records)
        : child_([&] {
              pin_to(1);
              const auto writer = peer.open_again();
              const PickedNames names(random_indices(records, 100'000, 7));
              const auto documents = some_documents();
              for (std::size_t i = 0;; i = (i + part) % names.all().size()) {
                  obey();
                  writer->write_pipelined(names.all().subspan(i, part), documents);
                  *written_ += part;
              }
          }) {}
    ~BackgroundWriter() { set(resting); }

    void write() const { set(writing); }
    void rest() const { set(resting); }
    [[nodiscard]] std::uint64_t written() const { return *written_; }

private:
    static constexpr std::size_t part = 1000;
    static constexpr std::uint64_t resting = 1;
    static constexpr std::uint64_t writing = 2;

    /// Of the child: does what is wanted, says so, and comes back when that is to write.
    void obey() const {
        for (;; usleep(100)) {
            const std::uint64_t wanted = (*wanted_).load();
            (*state_).store(wanted);
            if (wanted == writing) return;
        }
    }
    void set(std::uint64_t state) const {
        (*wanted_).store(state);
        while ((*state_).load() != state) usleep(50);
    }

    SharedFlag wanted_;
    SharedFlag state_;
    SharedFlag written_;
    Child child_;
};

}  // namespace ringside::bench
