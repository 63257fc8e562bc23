#include "shm/document/paging.hpp"

#include <utility>

namespace ringside {

namespace {

constexpr std::size_t reference_weight = 20;
constexpr std::size_t slot_weight = 4;  ///< approximate size of a field and its type
/// For content that is checked elsewhere: at its source, or where its parts were built.
constexpr std::size_t any_encoded = SIZE_MAX;

page::Kind kind_of(const Value& value) noexcept {
    if (value.is_string()) return page::Kind::string;
    return value.is_array() ? page::Kind::array : page::Kind::object;
}

void begin_container(DocumentBuilder& out, bool is_object) {
    if (is_object) out.begin_object();
    else out.begin_array();
}

void end_container(DocumentBuilder& out, bool is_object) {
    if (is_object) out.end_object();
    else out.end_array();
}

}  // namespace

DocumentBuilder& Paging::draft(std::size_t index) {
    while (builders_.size() <= index) builders_.emplace_back();
    return builders_[index];
}

DocumentBuilder::Purpose Paging::page_purpose(std::size_t depth) const noexcept {
    DocumentBuilder::Purpose purpose = this->purpose(depth);
    purpose.limits.encoded_max = any_encoded;
    return purpose;
}

Result<ByteView> Paging::divide(ByteView document) {
    const Value value = Value::of(document, &space());
    plan_.clear();
    planned_ = 0;
    plan(value);
    if (failed()) return Error(failure_);
    root_.clear(page_purpose());
    place(root_, value);
    if (failed()) return Error(failure_);
    has_pages_ = root_.encoded_below() != 0;
    return root_.finish();
}

Result<ByteView> Paging::finish(DocumentBuilder& root) {
    if (failed()) return Error(failure_);
    auto built = root.finish();
    has_pages_ = root.encoded_below() != 0;
    if (!built || built->size() <= page::bytes_max) return built;
    return divide(*built);
}

/// Returns the approximate number of bytes of a value in its parent's page. Containers that are too
/// large for that page get separate pages, the innermost first.
std::size_t Paging::plan(const Value& value) {
    if (value.is_paged()) return reference_weight;
    if (value.is_string()) {
        return value.size() > page::target_bytes ? reference_weight : value.size() + slot_weight;
    }
    if (!value.is_container()) return slot_weight;
    if (failed() || !charge(value.size())) return slot_weight;
    const std::size_t mine = plan_.size();
    plan_.push_back(false);
    std::size_t weight = 2 * slot_weight;
    if (value.is_array()) {
        for (const Value element : value.elements()) weight += plan(element);
    } else {
        for (const auto& [key, member] : value.members()) {
            weight += key.size() + slot_weight + plan(member);
        }
    }
    if (weight <= page::target_bytes) return weight;
    plan_[mine] = true;
    return reference_weight;
}

/// Writes a value as planned. Visits containers in the same order as `plan`.
void Paging::place(DocumentBuilder& out, const Value& value) {
    if (value.is_paged()) return out.value(value);
    if (value.is_string() && value.size() > page::target_bytes) {
        const Part part = string_page(value);
        return out.reference(part.ref, part.header);
    }
    if (!value.is_container()) return out.value(value);
    if (plan_[planned_++]) {
        const Part part = top_of(leaves(value, out.depth()));
        return out.reference(part.ref, part.header);
    }
    begin_container(out, value.is_object());
    if (value.is_array()) {
        for (const Value element : value.elements()) {
            if (failed() || out.failed()) return;
            place(out, element);
        }
    } else {
        for (const auto& [key, member] : value.members()) {
            if (failed() || out.failed()) return;
            out.stored_key(key);
            place(out, member);
        }
    }
    end_container(out, value.is_object());
}

/// Writes the members or elements of a container with `place`, into as many leaves as needed.
Paging::Parts Paging::leaves(const Value& container, std::size_t depth) {
    const bool is_object = container.is_object();
    Parts parts;
    const Draft leaf(*this);
    std::string_view first_key;
    std::size_t count = 0;
    const auto next = [&](std::string_view key) {
        if (count != 0 && leaf->size() + count * slot_weight >= page::target_bytes) {
            close_leaf(*leaf, is_object, first_key, parts);
            count = 0;
        }
        if (count++ == 0) {
            leaf->clear(page_purpose(depth));
            begin_container(*leaf, is_object);
            first_key = key;
        }
        if (is_object) leaf->stored_key(key);
    };
    if (is_object) {
        for (const auto& [key, member] : container.members()) {
            if (failed()) return parts;
            next(key);
            place(*leaf, member);
        }
    } else {
        for (const Value element : container.elements()) {
            if (failed()) return parts;
            next({});
            place(*leaf, element);
        }
    }
    if (count != 0) close_leaf(*leaf, is_object, first_key, parts);
    return parts;
}

void Paging::close_leaf(DocumentBuilder& leaf, bool is_object, std::string_view first_key,
                        Parts& parts) {
    end_container(leaf, is_object);
    PageHeader header{};
    header.kind = is_object ? page::Kind::object : page::Kind::array;
    parts.push_back(write_page(leaf, header));
    parts.back().key = first_key;
}

Paging::Part Paging::string_page(const Value& text) {
    const Draft draft(*this);
    draft->clear(page_purpose());
    draft->string(text.as_string().value_or(""));
    PageHeader header{};
    header.kind = page::Kind::string;
    return write_page(*draft, header);
}

/// Builds the pages of the next level above `parts`.
Paging::Parts Paging::inner_pages(const Parts& parts) {
    Parts inner;
    if (failed() || parts.empty()) return inner;
    const bool is_object = parts.front().ref.kind == page::Kind::object;
    const Draft draft(*this);
    for (std::size_t i = 0; i < parts.size() && !failed();) {
        PageHeader header{};
        header.kind = parts.front().ref.kind;
        header.level = static_cast<std::uint8_t>(parts.front().ref.level + 1);
        header.nests = true;
        if (header.level > page::level_max) fail(Errc::document_too_large);
        // The values below were counted when their pages were built.
        draft->clear(page_purpose());
        const std::size_t first = i;
        begin_container(*draft, is_object);
        for (; i < parts.size(); ++i) {
            if (draft->size() + (i - first) * slot_weight >= page::target_bytes) break;
            const Part& part = parts[i];
            if (is_object) draft->stored_key(part.key);
            PageHeader nothing{};
            draft->reference(part.ref, nothing);
            header.count += part.header.count;
            header.expanded += part.header.expanded;
            header.encoded += part.header.encoded;
        }
        end_container(*draft, is_object);
        inner.push_back(write_page(*draft, header));
        inner.back().key = parts[first].key;
    }
    return inner;
}

Paging::Part Paging::top_of(Parts parts) {
    while (parts.size() > 1 && !failed()) parts = inner_pages(parts);
    return parts.empty() ? Part() : std::move(parts.front());
}

/// For a leaf, the header's counts are those of the built page; for an inner page they are given.
Paging::Part Paging::write_page(DocumentBuilder& page, PageHeader header) {
    const auto built = page.finish();
    if (!built) {
        fail(built.error().code);
        return {};
    }
    header.bytes = static_cast<std::uint32_t>(built->size());
    header.encoded += header.bytes;
    if (header.level == 0) {
        header.count = static_cast<std::uint32_t>(Value::of(*built).size());
        header.expanded = static_cast<std::uint32_t>(page.expanded() - 1);
        header.encoded += static_cast<std::uint32_t>(page.encoded_below());
        header.nests = page.encoded_below() != 0;
    }
    return store(header, *built);
}

Paging::Part Paging::store(const PageHeader& header, ByteView content) {
    const std::uint64_t steps =
        PatchBudget::steps_per_page + content.size() / PatchBudget::page_bytes_per_step;
    if (failed() || !charge(steps)) return {};
    const Offset offset = store_.write(header, content);
    if (offset == 0) {
        fail(Errc::grid_full);
        return {};
    }
    return {{offset, header.count, header.level, header.kind}, header, {}};
}

void Paging::drop(const Value& page) {
    if (!charge(PatchBudget::steps_per_page_read)) return;
    store_.drop(page.page_ref().offset, sizeof(PageHeader) + page.page_bytes().size());
}

void Paging::drop_tree(const Value& container) {
    for (std::size_t i = 0; container.level() > 0 && i < container.part_count(); ++i) {
        if (failed()) return;
        drop_tree(container.part(i));
    }
    if (container.is_paged()) drop(container);
}

void Paging::drop_all(const Value& value) {
    if (!value.is_container() && !value.is_paged()) return;
    if (failed()) return;
    if (value.level() > 0) {
        for (std::size_t i = 0; i < value.part_count() && !failed(); ++i) drop_all(value.part(i));
    } else if (!value.is_paged() || value.page_header().nests) {
        if (!charge(value.size())) return;
        for (const Value element : value.elements()) drop_all(element);
        for (const auto& [key, member] : value.members()) drop_all(member);
    }
    if (value.is_paged()) drop(value);
}

// Changes.

void Paging::rewrite(DocumentBuilder& out, const Value& container, const Place& place, Edit& edit) {
    const Value changed = rewrite(container, place, out.depth(), edit);
    if (changed.exists()) return write(out, changed);
    begin_container(out, container.is_object());
    end_container(out, container.is_object());
}

Value Paging::rewrite(const Value& container, const Place& place, std::size_t depth, Edit& edit) {
    const Part top = top_of(rewrite_node(container, place, depth, edit));
    if (failed() || top.ref.offset == 0) return {};
    Value changed = Value::of_page(top.ref, space());
    while (changed.level() > 0 && changed.part_count() == 1) {
        const Value below = changed.part(0);
        drop(changed);
        changed = below;
    }
    return changed;
}

void Paging::write(DocumentBuilder& out, const Value& container) {
    if (container.level() > 0 || container.page_bytes().size() >= page::bytes_min) {
        return out.value(container);
    }
    drop(container);
    begin_container(out, container.is_object());
    for (const Value element : container.elements()) out.value(element);
    for (const auto& [key, member] : container.members()) {
        out.stored_key(key);
        out.value(member);
    }
    end_container(out, container.is_object());
}

Paging::Parts Paging::rewrite_node(const Value& node, const Place& place, std::size_t depth,
                                   Edit& edit) {
    if (node.level() == 0) return rewrite_leaf(node, place, depth, edit);
    std::size_t before = 0;
    const std::size_t index =
        node.is_object() ? node.part_of(place.key) : node.part_at(place.index, before);
    Parts changed = rewrite_node(node.part(index), {place.key, place.index - before}, depth, edit);
    if (failed()) return {};
    // The first part may hold keys below its own key; the parts that it is split into must come
    // after it.
    if (!changed.empty()) changed.front().key = index == 0 ? "" : node.part_key(index);
    drop(node);
    const bool is_small = changed.size() == 1 && changed.front().header.bytes < page::bytes_min;
    if (changed.size() == 1 && !is_small) {
        Parts same;
        same.push_back(exchange(node, index, changed.front()));
        return same;
    }
    if (!charge(2 * node.part_count())) return {};
    Parts parts = parts_of(node);
    const auto at = parts.begin() + static_cast<std::ptrdiff_t>(index);
    parts.insert(parts.erase(at), std::make_move_iterator(changed.begin()),
                 std::make_move_iterator(changed.end()));
    if (is_small) join_small(parts, index, depth);
    return inner_pages(parts);
}

Paging::Parts Paging::rewrite_leaf(const Value& leaf, const Place& place, std::size_t depth,
                                   Edit& edit) {
    const Draft draft(*this);
    draft->clear(page_purpose(depth));
    begin_container(*draft, leaf.is_object());
    edit.leaf(*draft, leaf, place.index);
    end_container(*draft, leaf.is_object());
    drop(leaf);
    const auto built = draft->finish();
    if (!built) fail(built.error().code);
    Parts parts;
    if (failed()) return parts;
    const Value changed = Value::of(*built, &space());
    if (changed.size() == 0) return parts;
    if (built->size() > page::bytes_max) {
        plan_.clear();
        planned_ = 0;
        plan(changed);
        planned_ = 1;  // the leaf itself is split
        return leaves(changed, depth);
    }
    PageHeader header{};
    header.kind = kind_of(leaf);
    parts.push_back(write_page(*draft, header));
    return parts;
}

/// Writes the inner page with one reference replaced and all others unchanged.
Paging::Part Paging::exchange(const Value& node, std::size_t index, const Part& with) {
    const PageHeader was = node.part(index).page_header();
    PageHeader header = node.page_header();
    header.count += with.header.count - was.count;
    header.expanded += with.header.expanded - was.expanded;
    header.encoded += with.header.encoded - was.encoded;
    const ByteView bytes = node.page_bytes();
    exchanged_.assign(bytes.begin(), bytes.end());
    with.ref.store(exchanged_.data() + (node.part_place(index) - bytes.data()));
    return store(header, exchanged_);
}

Paging::Parts Paging::parts_of(const Value& node) const {
    Parts parts;
    parts.reserve(node.part_count());
    for (std::size_t i = 0; i < node.part_count(); ++i) {
        const Value part = node.part(i);
        parts.push_back({part.page_ref(), part.page_header(), std::string(node.part_key(i))});
    }
    return parts;
}

/// Merges a small part with the neighbour that has more room, if both fit into one page.
void Paging::join_small(Parts& parts, std::size_t index, std::size_t depth) {
    const auto bytes = [&](std::size_t i) {
        return i < parts.size() ? parts[i].header.bytes : std::uint32_t{UINT32_MAX};
    };
    const std::size_t left = index == 0 ? parts.size() : index - 1;
    const std::size_t first = bytes(left) < bytes(index + 1) ? left : index;
    if (first + 1 >= parts.size() ||
        std::size_t{bytes(first)} + bytes(first + 1) > page::target_bytes) {
        return;
    }
    Parts joined = join(parts[first], parts[first + 1], depth);
    if (failed()) return;
    joined.front().key = parts[first].key;
    const auto at = parts.begin() + static_cast<std::ptrdiff_t>(first);
    parts.insert(parts.erase(at, at + 2), std::make_move_iterator(joined.begin()),
                 std::make_move_iterator(joined.end()));
}

Paging::Parts Paging::join(const Part& a, const Part& b, std::size_t depth) {
    const Value first = Value::of_page(a.ref, space());
    const Value second = Value::of_page(b.ref, space());
    drop(first);
    drop(second);
    if (first.level() > 0) {
        Parts parts = parts_of(first);
        for (Part& part : parts_of(second)) parts.push_back(std::move(part));
        // The first part of the second page may now have a smaller key than that of its part.
        parts[first.part_count()].key = b.key;
        return inner_pages(parts);
    }
    const Draft draft(*this);
    draft->clear(page_purpose(depth));
    begin_container(*draft, first.is_object());
    for (const Value& half : {first, second}) {
        for (const Value element : half.elements()) draft->value(element);
        for (const auto& [key, member] : half.members()) {
            draft->stored_key(key);
            draft->value(member);
        }
    }
    end_container(*draft, first.is_object());
    PageHeader header{};
    header.kind = kind_of(first);
    Parts parts;
    parts.push_back(write_page(*draft, header));
    return parts;
}

}  // namespace ringside
