#include <fmt/format.h>

#include "broker/engine/survey.hpp"
#include "shm/document/verify.hpp"
#include "shm/version/version.hpp"

/// Checks the pages of large documents that a reader might need. Versions are visited from the
/// newest to the oldest. A page that is first reached from an older version was dropped by the next
/// version.
namespace ringside::broker {

/// `replaced_at` is 0 for the newest version.
Result<void> Survey::walk_pages(const shm::VersionBlock& version, Revision replaced_at) {
    if (version.is_tombstone() || !version.has_pages()) return {};
    std::vector<PageRef> references;
    if (auto verified = verify_page(version.document(), references); !verified) {
        return wrong("record {}: root page: {}", version.record, verified.error().detail);
    }
    for (const PageRef& ref : references) {
        if (auto walked = walk_page(ref, replaced_at); !walked) return walked;
    }
    return {};
}

Result<void> Survey::walk_page(const PageRef& ref, Revision replaced_at) {
    if (pages_met_.contains(ref.offset)) return {};
    if (ref.level > page::level_max || !is_in_heap(ref.offset, sizeof(PageHeader))) {
        return wrong("page reference {:#x} is out of range", ref.offset);
    }
    const PageHeader& header = *segment_.at<PageHeader>(ref.offset);
    const std::uint64_t bytes = sizeof header + header.bytes;
    if (header.level != ref.level || header.kind != ref.kind || header.count != ref.count) {
        return wrong("page at {:#x} does not match its reference", ref.offset);
    }
    if (auto claimed = claim(ref.offset, bytes, "page"); !claimed) return claimed;
    pages_met_.insert(ref.offset);
    ++pages;
    if (replaced_at != 0) replaced.push_back({ref.offset, bytes, replaced_at});
    std::vector<PageRef> references;
    const ByteView content(segment_.at<Byte>(ref.offset + sizeof header), header.bytes);
    if (auto verified = verify_page(content, references); !verified) {
        return wrong("page at {:#x}: {}", ref.offset, verified.error().detail);
    }
    const Value page = Value::of_page(ref, segment_.pages());
    if (!page.exists()) return wrong("page at {:#x} has unexpected content", ref.offset);
    for (const PageRef& below : references) {
        if (ref.level > 0 && (below.level + 1 != ref.level || below.kind != ref.kind)) {
            return wrong("page at {:#x} references a page of another tree", ref.offset);
        }
        if (auto walked = walk_page(below, replaced_at); !walked) return walked;
    }
    return ref.level == 0 ? Result<void>() : compare_parts(page, references);
}

/// Checks that the parts below an inner page match the counts in the page.
Result<void> Survey::compare_parts(const Value& page, const std::vector<PageRef>& parts) const {
    const Offset offset = page.page_ref().offset;
    std::uint64_t count = 0;
    for (const PageRef& part : parts) count += part.count;
    if (parts.empty() || parts.size() != page.part_count() || count != page.size()) {
        return wrong("page at {:#x} holds a different number of entries than its header states",
                     offset);
    }
    if (!page.is_object()) return {};
    for (std::size_t i = 1; i < parts.size(); ++i) {
        const Value before = page.part(i - 1);
        const std::string_view key = page.part_key(i);
        if (before.key(before.size() - 1) >= key || page.part(i).key(0) < key) {
            return wrong("page at {:#x} is not in order at '{}'", offset, key);
        }
    }
    return {};
}

}  // namespace ringside::broker
