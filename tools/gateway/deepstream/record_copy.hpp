#pragma once

#include <cstdint>
#include <string>

#include "shm/base/types.hpp"
#include "tools/gateway/deepstream/record_write_plan.hpp"

namespace ringside::gateway::deepstream {

class Session;

/// A refused write of a client.
struct RefusedWrite {
    std::int32_t version = any_version;  ///< that the write was meant to make
    std::uint64_t confirmed = 0;         ///< Session::confirmed() when it was read
    bool may_be_resent = false;          ///< a whole record that no caller waits for
};

/// A client's copy of a record that it subscribes to, as far as the gateway knows it.
///
/// A client changes its copy when it writes, before the write is accepted. It receives the changes
/// of others in order, but not its own. It detects by version that its copy and the record have
/// diverged, but only at the next change by another client. Until then each of its writes has a
/// wrong version. So the gateway repairs the copy:
///
///  1. A refused write is followed by the current *state* of the record, an UPDATE. The client
///     adopts the state, whatever it has written before.
///  2. An answer to a READ is a state as well.
///  3. A state also overwrites, in the copy, the writes that the client sent before the state
///     arrived. When such a write is accepted, the gateway sends the resulting state. When it is
///     refused, nothing needs to be sent: the copy is correct once the state has arrived.
///  4. Confirmations show whether a state had reached the client when it sent a write, see
///     Session::expect_confirmation. A client may answer a state before it confirms it; then it
///     makes the next version.
///
/// A merge strategy such as LOCAL_WINS answers a state by repeating the write, endlessly if that
/// write is refused again. So the second refusal of such a write is followed by the state under the
/// version after that of the write. The client treats this as a change and does not ask its
/// strategy. Then VERSION_EXISTS gives the client the correct version. The same helps a client
/// whose removal was refused: it no longer merges.
struct RecordCopy {
    bool is_told = false;              ///< the client has received a state
    Revision read_at = 0;              ///< revision at which that state was read
    Revision told_at = 0;              ///< of the newest state or change that the client received
    bool has_refused_removal = false;  ///< the client's copy no longer merges

    /// A READ was answered with the state at a revision.
    void on_read(Session& session, Revision revision);
    /// A write of this client was accepted. `is_altered`: the stored data are not exactly those
    /// that the client has sent.
    void on_accepted(Session& session, const std::string& grid_name, Revision revision,
                     std::uint64_t confirmed, bool is_altered);
    /// Call this before the client learns of the refusal: it may write again immediately.
    void on_refused(Session& session, const std::string& grid_name, const RefusedWrite& write);

private:
    [[nodiscard]] bool is_behind(std::uint64_t confirmed) const noexcept {
        return confirmation_ > confirmed;
    }
    /// `refused` is a write that must be undone without a merge, or null.
    void send_state(Session& session, const RecordView& record, const RefusedWrite* refused);

    std::uint64_t confirmation_ = 0;  ///< number of the confirmation that covers the last state
    bool was_refused_ = false;        ///< the last write was refused
};

}  // namespace ringside::gateway::deepstream
