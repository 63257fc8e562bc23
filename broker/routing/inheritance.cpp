#include <utility>
#include <vector>

#include "broker/routing/messaging.hpp"
#include "broker/routing/system_document.hpp"
#include "shm/document/value.hpp"
#include "shm/index/name_index.hpp"
#include "shm/name/system_name.hpp"
#include "shm/version/visibility.hpp"

/// How a broker handles the `$sys` records of its predecessor. Records of sessions that might
/// return stay until the sessions have returned and declared their state, or are abandoned. All
/// others are removed.
namespace ringside::broker {

namespace {

constexpr std::string_view presence_prefix = "$sys/presence/";

std::uint64_t number_in(const Value& document, std::string_view key) {
    return document[key].as_uint64().value_or(0);
}

/// Returns the number at the end of a name such as `$sys/session/7`.
std::uint64_t last_level_number(std::string_view name) {
    std::uint64_t number = 0;
    for (const char c : name.substr(name.rfind('/') + 1)) {
        number = number * 10 + static_cast<std::uint64_t>(c - '0');
    }
    return number;
}

}  // namespace

void Messaging::take_over(const std::set<SessionId>& absent, std::uint64_t now_ns) {
    calls_.begin(now_ns);
    interest_.begin(now_ns);
    std::vector<const shm::VersionBlock*> records;
    shm::NameIndexCursor cursor(segment_);
    cursor.seek(system_name::root);
    bool is_beyond = false;
    for (auto ids = cursor.next(); !ids.empty() && !is_beyond; ids = cursor.next()) {
        for (const std::uint32_t id : ids) {
            const auto* record = shm::newest_of(segment_, RecordId{id});
            if (record == nullptr) continue;
            is_beyond = !record->name().starts_with(system_name::root);
            if (is_beyond) break;
            if (!record->is_tombstone()) records.push_back(record);
        }
    }
    for (const shm::VersionBlock* record : records) inherit(*record, absent);
}

void Messaging::inherit(const shm::VersionBlock& record, const std::set<SessionId>& absent) {
    const std::string name(record.name());
    if (system_name::is_stored(name)) return;  // belongs to no session
    const ByteView bytes = record.document();
    const Value document = Value::of(bytes, &segment_.pages());
    records_.inherit(name, {bytes.begin(), bytes.end()});
    if (name.starts_with(presence_prefix)) {
        return inherit_presence(name.substr(presence_prefix.size()), document, absent);
    }
    const bool is_session = name.starts_with("$sys/session/");
    const auto owner = static_cast<SessionId>(is_session ? last_level_number(name)
                                                         : number_in(document, "session"));
    if (!absent.contains(owner)) return records_.erase(name);
    if (const auto subject = system_name::subject_of(name)) {
        return interest_.inherit(std::string(*subject),
                                 {owner, number_in(document, "declaration")});
    }
    records_of_[owner][name] = 1;
    if (name.starts_with("$sys/rpc/")) {
        if (auto pattern = Pattern::parse(document["pattern"].as_string().value_or(""))) {
            calls_.expect(owner, std::move(*pattern));
        }
    }
}

/// A user stays present while one of the user's sessions exists or might return.
void Messaging::inherit_presence(const std::string& user, const Value& document,
                                 const std::set<SessionId>& absent) {
    bool is_there = false;
    const Value sessions = document["sessions"];
    for (std::size_t i = 0; i < sessions.size(); ++i) {
        const auto session = static_cast<SessionId>(sessions[i].as_uint64().value_or(0));
        if (!absent.contains(session)) continue;
        presence_.appear(user, session);
        is_there = true;
    }
    if (!is_there) records_.erase(system_name::presence(user));
}

void Messaging::given_up(SessionId session, std::size_t absent_left) {
    presence_.end(session);
    for (const auto& [name, times] : records_of_[session]) records_.erase(name);
    records_of_.erase(session);
    calls_.stop_expecting(session);
    interest_.give_up(session);
    if (absent_left == 0) interest_.end_inheritance();
}

}  // namespace ringside::broker
