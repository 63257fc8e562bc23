#pragma once

#include <cstdint>
#include <string>

#include "shm/base/types.hpp"
#include "tools/gateway/deepstream/record_write_plan.hpp"

namespace ringside::gateway::deepstream {

class Session;

/// A write of a client that was refused.
struct RefusedWrite {
    std::int32_t version = any_version;  ///< that it was to make
    std::uint64_t confirmed = 0;         ///< Session::confirmed() when it was read
    bool may_be_resent = false;          ///< a whole record that nobody waits for
};

/// A client's copy of a record that it subscribes to, as far as the gateway knows it.
///
/// A client changes its copy when it writes, before the write is accepted. The changes of others
/// reach it in order, its own are not told. It notices by the versions when its copy and the record
/// have parted, but only at the next change of somebody else; until then each of its writes has a
/// wrong version. So the gateway keeps the copy right:
///
///  1. A refused write is followed by the record's present *state*, an UPDATE. The client takes it
///     over, whatever it has written before.
///  2. An answer to a READ is a state, too.
///  3. A state also undoes, in the copy, the writes that the client sent before the state reached
///     it. When such a write is accepted, the state with it is sent. When it is refused, nothing
///     has to be: the client will be right when it has the state.
///  4. Whether a state had reached the client when it sent a write is known by confirmations, see
///     Session::expect_confirmation. A client may answer a state before it confirms it; then it
///     makes the version behind it.
///
/// A merge strategy such as LOCAL_WINS answers a state with the same write again, for ever if that
/// is refused again. So the second refusal of such a write is followed by the state under the
/// version behind the write's, which the client takes for a change without asking its strategy, and
/// by VERSION_EXISTS, from which it takes the version. The same helps a client whose removal was
/// refused: it does not merge any more.
struct RecordCopy {
    bool is_told = false;              ///< the client knows a state,
    Revision read_at = 0;              ///< that was read as of then
    Revision told_at = 0;              ///< of the newest state or change that it was told
    bool has_refused_removal = false;  ///< the client's copy does not merge any more

    /// A READ was answered, as of a revision.
    void on_read(Session& session, Revision revision);
    /// A write of this client was accepted. `is_altered`: what was written is not exactly what the
    /// client has sent.
    void on_accepted(Session& session, const std::string& grid_name, Revision revision,
                     std::uint64_t confirmed, bool is_altered);
    /// To be called before the client hears of the refusal: it may write again at once.
    void on_refused(Session& session, const std::string& grid_name, const RefusedWrite& write);

private:
    [[nodiscard]] bool is_behind(std::uint64_t confirmed) const noexcept {
        return confirmation_ > confirmed;
    }
    /// `refused`: a write that has to be undone without a merge; null: there is none.
    void send_state(Session& session, const RecordView& record, const RefusedWrite* refused);

    std::uint64_t confirmation_ = 0;  ///< that the client has received the last state
    bool was_refused_ = false;        ///< the last write was
};

}  // namespace ringside::gateway::deepstream
