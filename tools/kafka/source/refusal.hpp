#pragma once

#include <string>

#include "shm/base/errc.hpp"
#include "tools/kafka/message.hpp"

namespace ringside::kafka {

/// What an answer of the grid to a transaction is about.
enum class Verdict : std::uint8_t {
    message,   ///< one of the messages, whatever the grid is like
    position,  ///< the position is not where it was thought to be, or whether it is is not known
    grid,      ///< the grid cannot take anything just now
};

/// Of not_found, test_failed and permission_denied, which may be about a message and about the
/// position's record, it says `message`: whoever sees that the position is where it was is right.
[[nodiscard]] Verdict verdict_of(Errc code) noexcept;

/// Whether fewer messages in a transaction may be what it takes.
[[nodiscard]] bool is_too_much(Errc code) noexcept;

/// Why the grid takes nothing, for people: the advice that goes with a code is for those who have
/// asked for one thing, and to wait is all that there is to do here.
[[nodiscard]] std::string reason_of(const Error& why);

/// What becomes of messages that cannot be applied: they are put down somewhere, and left out; or
/// nothing is applied any more. Thread safety: one thread.
class Refusals {
public:
    Refusals() = default;
    Refusals(const Refusals&) = delete;
    Refusals& operator=(const Refusals&) = delete;
    virtual ~Refusals() = default;

    /// Whether `refuse` wants the headers of a message.
    [[nodiscard]] virtual bool needs_headers() const noexcept { return false; }

    /// Takes a message that is to be left out. Error: it must not be; nothing is applied from here
    /// on, and the process ends with this error.
    virtual Result<void> refuse(const MessageView& message, const Error& why) = 0;

    /// Waits until all that were refused are where they outlive this process. Error: they are not
    /// yet, for the reason given; they are refused again when their turn comes again.
    virtual Result<void> settle() { return {}; }

    /// That a partition is read from elsewhere, or by somebody else: what is not settled of it is
    /// in question no more.
    virtual void forget(const std::string& topic, std::int32_t partition) {
        static_cast<void>(topic);
        static_cast<void>(partition);
    }

    /// Writes to the log what was folded. Called about once a second.
    virtual void flush_log() {}

    /// Whether nobody has time to wait, as partitions go to somebody else.
    virtual void set_in_haste(bool is_in_haste) { static_cast<void>(is_in_haste); }
};

}  // namespace ringside::kafka
