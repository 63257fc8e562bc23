#include "tools/gateway/deepstream/record_copy.hpp"

#include <algorithm>

#include "shm/document/json.hpp"
#include "tools/gateway/deepstream/names.hpp"
#include "tools/gateway/deepstream/session.hpp"

namespace ringside::gateway::deepstream {

void RecordCopy::on_read(Session& session, Revision revision) {
    read_at = std::max(read_at, revision);
    told_at = std::max(told_at, revision);
    // A client does not write before it has received the first state.
    if (is_told) confirmation_ = session.expect_confirmation();
    is_told = true;
}

void RecordCopy::on_accepted(Session& session, const std::string& grid_name, Revision revision,
                             std::uint64_t confirmed, bool is_altered) {
    was_refused_ = false;
    const bool has_to_be_told = is_altered || is_behind(confirmed);
    if (!is_told || !has_to_be_told || revision <= read_at) return;
    const auto record = session.hub().grid().reader().get(grid_name);
    if (record) send_state(session, *record, nullptr);
}

void RecordCopy::on_refused(Session& session, const std::string& grid_name,
                            const RefusedWrite& write) {
    const bool is_resent = std::exchange(was_refused_, true) && write.may_be_resent;
    if (!is_told) return;
    const auto record = session.hub().grid().reader().get(grid_name);
    if (!record) return;  // the removal is announced separately, or the record cannot be read
    const std::int32_t there = to_deepstream_version(record->version());
    const bool is_bound = write.version != any_version;
    // A client that has adopted the state makes the next version.
    if (is_bound && is_behind(write.confirmed) && write.version != there + 1) return;
    // Another client has made this version or a later one, and this client has received it by now.
    if (is_bound && write.version <= there && told_at == record->revision()) {
        confirmation_ = session.expect_confirmation();
        return;
    }
    const bool is_undone = is_bound && (is_resent || has_refused_removal);
    send_state(session, *record, is_undone ? &write : nullptr);
}

void RecordCopy::send_state(Session& session, const RecordView& record,
                            const RefusedWrite* refused) {
    auto state = record_message(RecordAction::update);
    state.set_name(from_grid_name(record.name()));
    append_json(record.document(), *state.mutable_data());
    state.set_is_write_ack(false);
    const std::int32_t there = to_deepstream_version(record.version());
    state.set_version(refused == nullptr ? there : refused->version + 1);
    session.send(state);
    if (refused != nullptr) {
        // The copy is correct except for its version.
        state.set_action(static_cast<std::int32_t>(RecordAction::version_exists));
        state.set_version(there);
        session.send(state);
    }
    on_read(session, record.revision());
}

}  // namespace ringside::gateway::deepstream
