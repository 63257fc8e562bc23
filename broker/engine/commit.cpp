#include <cassert>
#include <cstring>
#include <new>

#include "broker/engine/grid_impl.hpp"
#include "shm/base/crash_point.hpp"
#include "shm/document/patch.hpp"

/// The steps of a commit, in order:
///   1  make room in the ring for the changes, so that appending cannot fail later
///   2  for each command: check the condition, evaluate the document, build the version's block,
///      link the block (a new record: slot, index and table; an existing one: slot and table),
///      append the ring entry. Readers skip the version because its revision is not published.
///   3  settle: count, register expiries, retire replaced memory, update secondary indexes
///      (settle.cpp)
///   4  publish, together with other commits of the same turn: the revision becomes visible
/// A refusal in step 2 undoes the links in reverse order. A crash anywhere before step 4 leaves
/// versions above `published`, which no reader uses.
namespace ringside::broker {

using shm::ChangeKind;
using shm::VersionBlock;
using wire::CommandKind;
using wire::ConditionKind;

namespace {

Result<void> check_condition(const Command& command, const VersionBlock* live) {
    const auto refuse = [&](const char* what, std::uint64_t actual) {
        return Error(Errc::condition_failed, std::string(what) + " is " + std::to_string(actual) +
                                                 ", not " + std::to_string(command.expected));
    };
    switch (command.condition) {
        case ConditionKind::none: return {};
        case ConditionKind::absent:
            if (live == nullptr) return {};
            return Error(Errc::condition_failed, "record exists");
        case ConditionKind::version: {
            const Version version = live == nullptr ? 0 : live->version;
            if (version == command.expected) return {};
            return refuse("version", version);
        }
        case ConditionKind::revision: {
            const Revision revision = live == nullptr ? 0 : live->revision;
            if (revision == command.expected) return {};
            return refuse("revision", revision);
        }
    }
    return Error(Errc::bad_request, "unknown condition");
}

/// Returns the limit on the cost of all patches of one commit.
PatchBudget budget_of_patches(std::span<const Command> commands) noexcept {
    std::uint64_t bytes = 0;
    for (const Command& command : commands) {
        const bool is_patch = command.kind == CommandKind::merge ||
                              command.kind == CommandKind::json_patch ||
                              command.kind == CommandKind::set_path;
        if (is_patch) bytes += command.document.size();
    }
    return PatchBudget::of_request(bytes);
}

/// Returns the path if the JSON Patch only removes one object member; otherwise an empty path.
std::string_view removed_member(const Value& patch, const Value& document) {
    const Value only = patch[0];
    if (patch.size() != 1 || only["op"].as_string() != "remove") return {};
    const auto path = only["path"].as_string().value_or(std::string_view());
    const auto parent = JsonPointer::parse(path.substr(0, path.rfind('/')));
    const auto holder = parent ? document.find(*parent) : std::nullopt;
    return holder && holder->is_object() ? path : std::string_view();
}

}  // namespace

boost::system::result<Revision, Refusal> Grid::Impl::commit(std::span<const Command> commands,
                                                            const Origin& origin,
                                                            std::vector<Version>& versions) {
    versions.clear();
    budget_ = budget_of_patches(commands);
    patch_steps_granted_ = budget_.left();
    division_ = PatchBudget(division_steps_max);
    if (commands.empty()) return Refusal{Error(Errc::bad_request, "request without a command"), 0};
    if (commands.size() > changes_max()) {
        return Refusal{
            Error(Errc::transaction_too_large,
                  "at most " + std::to_string(changes_max()) + " changes in a transaction"),
            0};
    }
    make_ring_room(commands.size());
    pages_.forget();
    const Position ring_head = ring_.head();
    for (std::size_t i = 0; i < commands.size(); ++i) {
        auto version = apply(commands[i], origin);
        if (!version) {
            roll_back(ring_head);
            versions.clear();
            return Refusal{version.error(), i};
        }
        versions.push_back(*version);
    }
    settle();
    return assigned_;
}

void Grid::Impl::make_ring_room(std::uint64_t changes) {
    // Unpublished changes must stay in the ring: publish before they fill half of it.
    if (ring_.head() - published_head_ + changes > ring_.capacity() / 2) make_visible();
    assert(ring_.head() + changes <= kept_from() + ring_.capacity());
    ring_.make_room(changes);
}

Result<Version> Grid::Impl::apply(const Command& command, const Origin& origin) {
    if (command.kind == CommandKind::publish) return tell(command, origin);
    const std::uint64_t hash = table_.hash(command.name);
    const VersionBlock* newest = table_.find(command.name, hash);
    // The slot is stored to at the end, and lies far from the block.
    if (newest != nullptr) __builtin_prefetch(&segment_.slot(newest->record_id()), 1);
    const VersionBlock* live = newest == nullptr || newest->is_tombstone() ? nullptr : newest;
    if (auto checked = check_condition(command, live); !checked) return checked.error();
    auto made = evaluate(command, live);
    if (!made) return made.error();
    return link(command.name, hash, *made, origin);
}

Result<Grid::Impl::NewVersion> Grid::Impl::evaluate(const Command& command,
                                                    const VersionBlock* live) {
    NewVersion made;
    made.expires_ms = command.ttl_ms == 0 ? 0 : now_ms() + command.ttl_ms;
    const bool is_new_expiry = made.expires_ms != 0 && command.kind != CommandKind::remove &&
                               (live == nullptr || !live->has_expiry());
    if (is_new_expiry && expiries_.bytes() >= options_.bookkeeping_bytes / 2) {
        ++expiries_refused_;
        return Error(Errc::records_limit, "expiry times use " +
                                              std::to_string(expiries_.bytes() >> 20) +
                                              " MiB of broker memory; raise --bookkeeping-memory");
    }
    if (command.kind == CommandKind::put) {
        if (auto taken = take_document(command.document, made); !taken) return taken.error();
        return made;
    }
    if (live == nullptr && command.kind != CommandKind::merge) {
        return Error(Errc::not_found, std::string(command.name));
    }
    if (command.kind == CommandKind::remove) {
        made.kind = ChangeKind::remove;
        made.expires_ms = 0;
        return made;
    }
    made.kind = ChangeKind::patch;
    if (live != nullptr && command.ttl_ms == 0) made.expires_ms = live->expires_ms();
    if (auto patched = patch(command, live, made); !patched) return patched.error();
    if (live == nullptr) made.kind = ChangeKind::put;
    return made;
}

Result<void> Grid::Impl::patch(const Command& command, const VersionBlock* live, NewVersion& made) {
    const Value change = Value::of(command.document);
    const auto old = live == nullptr
                         ? std::nullopt
                         : std::optional(Value::of(live->document(), &segment_.pages()));
    Result<ByteView> patched = ByteView{};
    switch (command.kind) {
        case CommandKind::merge:
            patched = apply_merge(patched_, old, change, &paging_, &budget_);
            break;
        case CommandKind::json_patch:
            patched = apply_json_patch(patched_, *old, change, &paging_, &budget_);
            made.path = removed_member(change, *old);
            break;
        case CommandKind::set_path: {
            auto pointer = JsonPointer::parse(command.pointer);
            if (!pointer) return pointer.error();
            patched = apply_set(patched_, *old, *pointer, change, &paging_, &budget_);
            made.path = command.pointer;
            break;
        }
        default: return Error(Errc::bad_request, "unknown command");
    }
    if (!patched) return patched.error();
    made.document = *patched;
    made.has_pages = paging_.has_pages();
    made.is_patched = true;
    return {};
}

/// Takes a complete document from a request. A large document is divided into pages.
Result<void> Grid::Impl::take_document(ByteView document, NewVersion& made) {
    made.document = document;
    if (document.size() <= page::bytes_max) return {};
    paging_.begin(&division_);
    const auto root = paging_.divide(document);
    if (!root) return root.error();
    made.document = *root;
    made.has_pages = paging_.has_pages();
    return {};
}

Offset Grid::Impl::build_block(std::string_view name, std::uint64_t hash, const NewVersion& made) {
    const bool is_removal = made.kind == ChangeKind::remove || made.kind == ChangeKind::expire;
    const bool expires = made.expires_ms != 0;
    const std::uint64_t bytes =
        VersionBlock::bytes_needed(name.size(), made.document.size(), expires);
    const Offset offset =
        allocate(bytes, is_removal ? shm::Heap::Purpose::upkeep : shm::Heap::Purpose::data);
    if (offset == 0) return 0;
    auto* block = new (segment_.at<std::byte>(offset)) VersionBlock;
    block->revision = next_revision();
    block->version = 1;
    block->record = 0;
    block->name_bytes = static_cast<std::uint16_t>(name.size());
    block->reserved = 0;
    block->document_bytes = static_cast<std::uint32_t>(made.document.size());
    block->name_hash = static_cast<std::uint32_t>(hash);
    block->updated_ns = now_ns_;
    block->link.store((is_removal ? shm::version_flag::tombstone : 0) |
                          (expires ? shm::version_flag::expires : 0) |
                          (made.has_pages ? shm::version_flag::paged : 0),
                      std::memory_order_relaxed);
    auto* bytes_of_block = segment_.at<std::byte>(offset);
    if (expires) std::memcpy(bytes_of_block + sizeof(VersionBlock), &made.expires_ms, 8);
    std::memcpy(bytes_of_block + VersionBlock::name_offset(expires), name.data(), name.size());
    if (!made.document.empty()) {
        std::memcpy(bytes_of_block + VersionBlock::document_offset(name.size(), expires),
                    made.document.data(), made.document.size());
    }
    return offset;
}

Result<Version> Grid::Impl::link(std::string_view name, std::uint64_t hash, const NewVersion& made,
                                 const Origin& origin) {
    Offset path = 0;
    if (!made.path.empty()) {
        path = allocate(sizeof(shm::PathBlock) + made.path.size(), shm::Heap::Purpose::data);
        if (path == 0) return Error(Errc::grid_full);
        auto* block = new (segment_.at<std::byte>(path)) shm::PathBlock;
        block->size = static_cast<std::uint32_t>(made.path.size());
        std::memcpy(block + 1, made.path.data(), made.path.size());
        reach(CrashPoint::commit_path_built);
    }
    const Offset offset = build_block(name, hash, made);
    const auto refuse = [&](Errc code) {
        if (path != 0) heap_.free(path, sizeof(shm::PathBlock) + made.path.size());
        if (offset != 0) heap_.free(offset, version_at(offset)->block_bytes());
        return Error(code);
    };
    if (offset == 0) return refuse(Errc::grid_full);
    VersionBlock& block = *version_at(offset);
    reach(CrashPoint::commit_block_built);

    // Look up the record only now: making room may have unlinked a tombstone of that name.
    const VersionBlock* newest = table_.find(name, hash);
    const Offset from = newest == nullptr ? 0 : segment_.offset_of(newest);
    if (newest == nullptr) {
        if (auto linked = link_new_record(hash, offset); !linked)
            return refuse(linked.error().code);
    } else {
        if (!made.is_patched && !newest->is_tombstone() && newest->has_pages()) {
            paging_.begin();  // drop all pages, even if a patch dropped some before
            paging_.drop_all(Value::of(newest->document(), &segment_.pages()));
        }
        block.record = newest->record;
        block.version = newest->is_tombstone() ? 1 : newest->version + 1;
        block.link.store(block.link_word() | from, std::memory_order_relaxed);
        // SYNC slot-version: pairs with SlotsReader::newest_of; the block is complete.
        segment_.slot(block.record_id()).newest.store(offset, std::memory_order_release);
        reach(CrashPoint::commit_slot_linked);
        table_.replace(hash, from, offset);
        reach(CrashPoint::commit_table_linked);
    }
    links_.push_back({hash, from, offset, path});
    announce(block, made, path, origin);
    return block.version;
}

/// Builds the block of an event. Only its ring entry leads to the block; both are released
/// together.
Result<Version> Grid::Impl::tell(const Command& command, const Origin& origin) {
    const std::uint64_t hash = table_.hash(command.name);
    NewVersion made;
    made.kind = ChangeKind::event;
    made.document = command.document;
    const Offset offset = build_block(command.name, hash, made);
    if (offset == 0) return Error(Errc::grid_full);
    VersionBlock& block = *version_at(offset);
    block.version = 0;
    block.record = static_cast<std::uint32_t>(shm::no_record);
    links_.push_back({hash, 0, offset, 0, true});
    announce(block, made, 0, origin);
    return block.version;
}

Result<void> Grid::Impl::link_new_record(std::uint64_t hash, Offset offset) {
    if (!table_.make_room()) {
        reclaim(Urgency::drop_history);
        if (!table_.make_room()) return Error(Errc::grid_full);
    }
    const auto id = slots_.take();
    if (!id) return Error(slots_.is_exhausted() ? Errc::records_limit : Errc::grid_full);
    VersionBlock& block = *version_at(offset);
    block.record = static_cast<std::uint32_t>(*id);
    // SYNC slot-version: pairs with SlotsReader::newest_of; the block is complete.
    segment_.slot(*id).newest.store(offset, std::memory_order_release);
    reach(CrashPoint::commit_new_slot_linked);
    if (!index_.insert(*id)) {
        reclaim(Urgency::drop_history);
        if (!index_.insert(*id)) {
            segment_.slot(*id).newest.store(0, std::memory_order_relaxed);
            slots_.give_back(*id);
            return Error(Errc::grid_full);
        }
    }
    reach(CrashPoint::commit_new_index_linked);
    table_.insert(hash, offset);
    reach(CrashPoint::commit_new_table_linked);
    return {};
}

void Grid::Impl::announce(const VersionBlock& block, const NewVersion& made, Offset path,
                          const Origin& origin) {
    shm::Change change;
    change.revision = block.revision;
    change.time_ns = now_ns_;
    change.version = segment_.offset_of(&block);
    change.path = path;
    change.kind = made.kind;
    change.record = block.record_id();
    change.name_hash = block.name_hash;
    change.session = origin.session;
    change.lane = origin.lane;
    change.command = origin.number;
    ring_.append(change);
    reach(CrashPoint::commit_announced);
    subjects_ |= shm::name_bit(block.name_hash) | shm::first_level_bit(block.name());
}

void Grid::Impl::expire_due(std::size_t limit) {
    for (std::size_t i = 0; i < limit && expiries_.next_ms() <= now_ms(); ++i) {
        if (must_wait_for_store()) return;
        const VersionBlock& due = *version_at(
            segment_.slot(expiries_.next_record()).newest.load(std::memory_order_relaxed));
        make_ring_room(1);
        NewVersion made;
        made.kind = ChangeKind::expire;
        // Copy the name: making room for the tombstone may reuse memory, though never that of a
        // live record.
        const std::string name(due.name());
        auto linked = link(name, table_.hash(name), made, Origin{});
        if (!linked) {
            links_.clear();
            pages_.forget();
            return;  // no memory for the tombstone now; the record stays due
        }
        settle();
        reach(CrashPoint::commit_expired);
    }
}

std::uint32_t Grid::Impl::publish() noexcept {
    make_visible();
    return std::exchange(subjects_, 0U);
}

void Grid::Impl::make_visible() noexcept {
    if (ring_.head() == published_head_) return;
    reach(CrashPoint::publish_begun);
    ring_.publish(assigned_);
    published_ = assigned_;
    published_head_ = ring_.head();
}

}  // namespace ringside::broker
