#include "ringside/client.hpp"

#include <errno.h>

#include "client_impl.hpp"
#include "shm/name/name.hpp"

namespace ringside {

Result<Client> Client::attach(ClientOptions options) {
    if (options.program.empty()) options.program = program_invocation_short_name;
    if (options.offline) options.reconnect = false;
    auto made = detail::Attachment::make(Impl::terms_of(options),
                                         shm::Deadline::after(std::chrono::seconds(0)));
    if (!made) return made.error();
    return Client(std::make_shared<Impl>(std::move(options), std::move(*made)));
}

Client::Client(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

Result<Record> Client::get(std::string_view name) const {
    for (;;) {
        auto lane = impl_->lane();
        if (!lane) return lane.error();
        detail::ThreadLane& mine = **lane;
        if (!mine.pin()) {
            mine.attachment().check_lost();
            continue;
        }
        if (const shm::VersionBlock* found = mine.find(name)) {
            return Record(detail::view_of(mine.attachment().segment(), *found), &mine);
        }
        mine.unpin();
        if (auto checked = check_name(name); !checked) return checked.error();
        return Error(Errc::not_found, std::string(name));
    }
}

namespace {

template <class T>
std::optional<T> value_as(const Value& value) {
    return value.get<T>();
}
template <>
std::optional<std::string> value_as(const Value& value) {
    const auto text = value.as_string();
    return text ? std::optional<std::string>(*text) : std::nullopt;
}

}  // namespace

template <class T>
Result<T> Client::get_value(std::string_view name, const JsonPointer& pointer) const {
    auto record = get(name);
    if (!record) return record.error();
    const auto place = record->document().find(pointer);
    auto value = place ? value_as<T>(*place) : std::nullopt;
    if (auto checked = record->check(); !checked) return checked.error();
    if (!value) return Error(Errc::path_not_found, pointer.text());
    return *std::move(value);
}

template Result<bool> Client::get_value(std::string_view, const JsonPointer&) const;
template Result<std::int64_t> Client::get_value(std::string_view, const JsonPointer&) const;
template Result<std::uint64_t> Client::get_value(std::string_view, const JsonPointer&) const;
template Result<double> Client::get_value(std::string_view, const JsonPointer&) const;
template Result<std::string> Client::get_value(std::string_view, const JsonPointer&) const;

void read_many(const shm::SegmentView& segment, Revision at,
               std::span<const std::string_view> names,
               const std::function<void(std::size_t, const RecordView*)>& each) {
    // Three passes over a group. Each starts the loads for the next, so that cache misses overlap.
    constexpr std::size_t group = 32;
    const shm::RecordTableReader table(segment);
    std::uint64_t hashes[group];
    for (std::size_t begin = 0; begin < names.size(); begin += group) {
        const auto part = names.subspan(begin, std::min(group, names.size() - begin));
        for (std::size_t i = 0; i < part.size(); ++i) {
            hashes[i] = table.hash(part[i]);
            table.prefetch_entry(hashes[i]);
        }
        for (std::size_t i = 0; i < part.size(); ++i) table.prefetch_candidate(hashes[i]);
        for (std::size_t i = 0; i < part.size(); ++i) {
            const auto* version = shm::visible_record(segment, table.find(part[i], hashes[i]), at);
            if (version == nullptr) {
                each(begin + i, nullptr);
            } else {
                const RecordView view = detail::view_of(segment, *version);
                each(begin + i, &view);
            }
        }
    }
}

Result<void> Client::get_many(
    std::span<const std::string_view> names,
    const std::function<void(std::size_t, const RecordView*)>& each) const {
    for (;;) {
        auto lane = impl_->lane();
        if (!lane) return lane.error();
        detail::ThreadLane& mine = **lane;
        const detail::PinScope scope(mine);
        if (!scope.holds()) {
            mine.attachment().check_lost();
            continue;
        }
        // Inside the pin of another record: still the newest revision, protected by that older pin.
        read_many(mine.attachment().segment(), mine.attachment().published(), names, each);
        if (mine.is_revoked()) return Error(Errc::snapshot_expired);
        return {};
    }
}

Revision Client::revision() const {
    auto current = impl_->attachment_at_once();
    return current ? (*current)->published() : 0;
}

const std::string& Client::grid() const noexcept { return impl_->options().grid; }

bool Client::is_connected() const {
    auto current = impl_->attachment_at_once();
    if (current && (*current)->check_lost()) current = impl_->attachment_at_once();
    return current && !(*current)->check_lost() && !(*current)->is_orphan();
}

}  // namespace ringside
