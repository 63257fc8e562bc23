#include "writer_directory.hpp"

#include <algorithm>

#include "shm/name/system_name.hpp"
#include "shm/table/record_table.hpp"
#include "shm/version/visibility.hpp"

namespace ringside::detail {

const Writer& WriterDirectory::find(SessionId session) {
    const auto known = writers_.find(session);
    if (known != writers_.end()) return known->second;
    if (session == 0) return writers_[0] = {.is_known = true, .program = "ringside-broker"};
    // The order matters: a session that ends between the two look-ups is found by the second one.
    if (auto open = open_session(session)) return writers_[session] = *std::move(open);
    if (!has_read_ended_) {
        read_ended();
    } else if (auto ended = shm::find_ended_writer(segment_, session)) {
        add_ended(*std::move(ended));  // since then
    }
    return writers_.try_emplace(session, Writer{.session = session, .has_ended = true})
        .first->second;
}

std::optional<Writer> WriterDirectory::open_session(SessionId session) const {
    for (std::size_t i = 0; i < limits::sessions_max; ++i) {
        const shm::SessionEntry& entry = segment_.session(i);
        // SYNC session-entry: pairs with Engine::open and Engine::close; the rest of the entry is
        // visible, or the identity of the session among the ended writers.
        if (entry.id.load(std::memory_order_acquire) != session) continue;
        Writer writer{.session = session,
                      .is_known = true,
                      .pid = entry.pid.load(std::memory_order_relaxed),
                      .uid = entry.uid.load(std::memory_order_relaxed),
                      .gid = entry.gid.load(std::memory_order_relaxed)};
        writer.program = {entry.name.begin(),
                          std::find(entry.name.begin(), entry.name.end(), '\0')};
        writer.user = user_of(session);
        // The entry may have been reused meanwhile.
        if (entry.id.load(std::memory_order_relaxed) == session) return writer;
        return std::nullopt;
    }
    return std::nullopt;
}

/// Returns the user from the session's record, which a session that acts for a user always has.
std::string WriterDirectory::user_of(SessionId session) const {
    const std::string name = system_name::session(session);
    const shm::RecordTableReader table(segment_);
    const auto* record = shm::visible_record(segment_, table.find(name, table.hash(name)), at_);
    if (record == nullptr) return {};
    const Value document = Value::of(record->document(), &segment_.pages());
    return std::string(document["user"].as_string().value_or(std::string_view()));
}

void WriterDirectory::read_ended() {
    has_read_ended_ = true;
    for (shm::EndedWriter& ended : shm::ended_writers(segment_)) add_ended(std::move(ended));
}

void WriterDirectory::add_ended(shm::EndedWriter ended) {
    writers_.try_emplace(ended.session, Writer{.session = ended.session,
                                               .is_known = true,
                                               .has_ended = true,
                                               .pid = ended.pid,
                                               .uid = ended.uid,
                                               .gid = ended.gid,
                                               .program = std::move(ended.program),
                                               .user = std::move(ended.user)});
}

}  // namespace ringside::detail
