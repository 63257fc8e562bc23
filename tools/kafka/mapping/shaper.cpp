#include "tools/kafka/mapping/shaper.hpp"

#include <algorithm>

#include "tools/kafka/mapping/unmappable.hpp"

namespace ringside::kafka {

namespace {

const ShapeMember nothing_planned;
const MovedMember nothing_moved;

const MovedMember& below(const MovedMember& moved, std::string_view member) noexcept {
    const MovedMember* found = moved.find(member);
    return found == nullptr ? nothing_moved : *found;
}

bool keeps(const ShapeMember& member, bool is_around_kept) noexcept {
    if (member.listing == ShapeMember::Listing::inherited) return is_around_kept;
    return member.listing == ShapeMember::Listing::included;
}

/// Returns whether everything in an object was renamed to another place.
bool is_emptied(const Value& value, const MovedMember& moved) noexcept {
    if (moved.members.empty() || !value.is_object() || value.size() == 0) return false;
    for (const auto [key, held] : value.members()) {
        const MovedMember& there = below(moved, key);
        if (!there.is_moved && !is_emptied(held, there)) return false;
    }
    return true;
}

void add(const Constant& constant, DocumentBuilder& out) {
    if (const auto* text = std::get_if<std::string>(&constant)) out.string(*text);
    else if (const auto* number = std::get_if<std::int64_t>(&constant)) out.integer(*number);
    else if (const auto* real = std::get_if<double>(&constant)) out.real(*real);
    else out.boolean(std::get<bool>(constant));
}

void add(const FieldValue& value, DocumentBuilder& out) {
    if (const auto* text = std::get_if<std::string_view>(&value)) out.string(*text);
    else if (const auto* number = std::get_if<std::int64_t>(&value)) out.integer(*number);
    else if (const auto* large = std::get_if<std::uint64_t>(&value)) out.unsigned_integer(*large);
    else if (const auto* real = std::get_if<double>(&value)) out.real(*real);
    else if (const auto* flag = std::get_if<bool>(&value)) out.boolean(*flag);
    else if (const auto* container = std::get_if<Value>(&value)) out.value(*container);
    else out.null();
}

}  // namespace

Result<ByteView> Shaper::build(const Value& document, const MessageFields& message) {
    if (!document.is_object()) {
        return unmappable("document is " + shown(field_value_of(document)) +
                          "; the rule needs an object");
    }
    document_ = document;
    message_ = &message;
    builder_.clear();
    if (auto built = object(shape_->root, {document, &shape_->moved}, shape_->keeps_others);
        !built) {
        return built.error();
    }
    return builder_.finish();
}

Shaper::Origin Shaper::origin_of(const ShapeMember& member, const Origin& around) const noexcept {
    if (member.moved_from) {
        Origin origin{document_, &shape_->moved};
        for (const std::string& name : *member.moved_from) {
            origin.value = origin.value[std::string_view(name)];
        }
        if (origin.value.exists()) {
            for (const std::string& name : *member.moved_from) {
                origin.moved = &below(*origin.moved, name);
            }
            return origin;
        }
    }
    const MovedMember& moved = below(*around.moved, member.name);
    if (moved.is_moved) return {Value(), &nothing_moved};
    return {around.value[std::string_view(member.name)], &moved};
}

bool Shaper::can_set(const ShapeMember& member) const noexcept {
    if (!member.set) return false;
    if (const auto* field = std::get_if<FieldId>(&*member.set)) {
        return is_there(message_->get(*field));
    }
    const auto* text = std::get_if<FieldTemplate>(&*member.set);
    return text == nullptr || text->can_fill(*message_);
}

bool Shaper::is_wanted(const ShapeMember& member, const Origin& origin,
                       bool is_kept) const noexcept {
    if (can_set(member)) return true;
    if (is_kept && origin.value.exists() && !is_emptied(origin.value, *origin.moved)) return true;
    return wants_any_below(member, origin, is_kept);
}

bool Shaper::wants_any_below(const ShapeMember& member, const Origin& origin,
                             bool is_kept) const noexcept {
    return std::any_of(member.members.begin(), member.members.end(), [&](const auto& within) {
        return is_wanted(within, origin_of(within, origin), keeps(within, is_kept));
    });
}

Result<void> Shaper::object(const ShapeMember& plan, const Origin& origin, bool is_kept) {
    builder_.begin_object();
    if (is_kept && origin.value.is_object()) {
        for (const auto [key, held] : origin.value.members()) {
            if (plan.find(key) != nullptr) continue;
            const MovedMember& moved = below(*origin.moved, key);
            if (moved.is_moved || is_emptied(held, moved)) continue;
            builder_.stored_key(key);
            if (auto added = value(nothing_planned, {held, &moved}, true); !added) return added;
            if (builder_.failed()) return {};
        }
    }
    for (const ShapeMember& within : plan.members) {
        if (auto added = member(within, origin, is_kept); !added) return added;
    }
    builder_.end_object();
    return {};
}

Result<void> Shaper::member(const ShapeMember& plan, const Origin& around, bool is_kept) {
    const bool is_kept_here = keeps(plan, is_kept);
    if (!is_kept_here && !plan.set && plan.members.empty()) return {};
    const Origin origin = origin_of(plan, around);
    if (!is_wanted(plan, origin, is_kept_here)) return {};
    builder_.key(plan.name);
    if (can_set(plan)) return set(*plan.set);
    return value(plan, origin, is_kept_here);
}

Result<void> Shaper::value(const ShapeMember& plan, const Origin& origin, bool is_kept) {
    if (plan.conversion) return convert(origin.value, *plan.conversion, plan.path, builder_);
    const bool is_changed_within = !plan.members.empty() || !origin.moved->members.empty();
    if (is_changed_within && (origin.value.is_object() || wants_any_below(plan, origin, is_kept))) {
        return object(plan, origin, is_kept);
    }
    builder_.value(origin.value);
    return {};
}

Result<void> Shaper::set(const SetValue& value) {
    if (const auto* constant = std::get_if<Constant>(&value)) {
        add(*constant, builder_);
    } else if (const auto* list = std::get_if<std::vector<Constant>>(&value)) {
        builder_.begin_array();
        for (const Constant& item : *list) add(item, builder_);
        builder_.end_array();
    } else if (const auto* field = std::get_if<FieldId>(&value)) {
        add(message_->get(*field), builder_);
    } else {
        text_.clear();
        const auto& text = std::get<FieldTemplate>(value);
        if (auto filled = text.fill(*message_, FieldTemplate::Purpose::text, text_); !filled) {
            return filled;
        }
        builder_.string(text_);
    }
    return {};
}

}  // namespace ringside::kafka
