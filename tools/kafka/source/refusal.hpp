#pragma once

#include <string>

#include "shm/base/errc.hpp"
#include "tools/kafka/message.hpp"

namespace ringside::kafka {

/// The subject of the grid's answer to a transaction.
enum class Verdict : std::uint8_t {
    message,   ///< one of the messages, whatever the state of the grid
    position,  ///< the position is not as expected, or its state is unknown
    grid,      ///< the grid takes nothing at the moment
};

/// not_found, test_failed and permission_denied may concern a message or the record of the
/// position. For these it returns `message`, which is right if the position is unchanged.
[[nodiscard]] Verdict verdict_of(Errc code) noexcept;

/// Returns whether fewer messages per transaction may help.
[[nodiscard]] bool is_too_much(Errc code) noexcept;

/// Returns why the grid takes nothing, for people. Omits the advice of the code, which is for a
/// caller with a single request: here waiting is the only reaction.
[[nodiscard]] std::string reason_of(const Error& why);

/// Handles messages that cannot be applied: stores them elsewhere and continues, or ends
/// everything. Thread safety: one thread.
class Refusals {
public:
    Refusals() = default;
    Refusals(const Refusals&) = delete;
    Refusals& operator=(const Refusals&) = delete;
    virtual ~Refusals() = default;

    /// Returns whether `refuse` needs the headers of a message.
    [[nodiscard]] virtual bool needs_headers() const noexcept { return false; }

    /// Takes a message to be omitted. Error: it must not be omitted; nothing more is applied, and
    /// the process ends with this error.
    virtual Result<void> refuse(const MessageView& message, const Error& why) = 0;

    /// Waits until all refused messages are stored where they outlive this process. Error: why they
    /// are not stored yet; they are refused again when their turn comes.
    virtual Result<void> settle() { return {}; }

    /// A partition is read from another place, or by another process: its unsettled messages no
    /// longer matter.
    virtual void forget(const std::string& topic, std::int32_t partition) {
        static_cast<void>(topic);
        static_cast<void>(partition);
    }

    /// Writes folded messages to the log. Called about once a second.
    virtual void flush_log() {}

    /// Sets whether waiting must be short, because partitions are being revoked.
    virtual void set_in_haste(bool is_in_haste) { static_cast<void>(is_in_haste); }
};

}  // namespace ringside::kafka
