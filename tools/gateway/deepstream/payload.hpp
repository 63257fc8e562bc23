#pragma once

#include <string>

#include "ringside/record.hpp"

namespace ringside::gateway::deepstream {

// Data of events and calls. In JavaScript `null` and no data (`undefined`) are two things, in the
// grid every event and call has a document. No data is a null whose byte, which has no meaning
// elsewhere, is 1: whoever is no client of deepstream reads null in either case.

/// The document of an event or a call without data.
[[nodiscard]] Document no_data_document();

/// The document of an event or a call with the data of a client; empty: no data.
/// Errors: those of `Document::parse`.
[[nodiscard]] Result<Document> payload_document(const std::string& json);

/// The data of such a document as JSON; empty: no data.
[[nodiscard]] std::string payload_json(ByteView document);

/// The same where the document may lie in several pages.
[[nodiscard]] std::string payload_json(const RecordView& event);

}  // namespace ringside::gateway::deepstream
