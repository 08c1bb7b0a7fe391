//! The differences that two schemas can have, which of them are compatible, and how the reference says those that are not.

use super::advice::advice;
use crate::Finding;
use crate::finding::Explain;
use model::CompatibilityPolicy;

/// Is a difference compatible?
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fits {
    Always,
    /// Under the policy LENIENT.
    Lenient,
    Never,
}

/// What the reference says of a difference.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Says {
    Nothing,
    NotPresent,
    More,
    Less,
    Different,
    FewerElements,
    MoreElements,
    OtherType,
    AddedToOpen,
    RequiredAddedToUnopen,
    RemovedFromClosed,
    RemovedNotCovered,
    AddedNotCovered,
    Unsupported,
}

macro_rules! rules {
    ($($name:ident $text:literal $fits:ident $says:ident,)*) => {
        /// A kind of difference, seen from a writer (*original*) to a reader (*update*).
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[allow(missing_docs, reason = "the names are the API's own")]
        pub enum Rule {
            $($name,)*
        }

        impl Rule {
            /// All of them.
            #[cfg(test)]
            pub(super) const ALL: &[Rule] = &[$(Rule::$name,)*];

            /// The `errorType` of the API.
            pub(super) fn name(self) -> &'static str {
                match self {
                    $(Rule::$name => $text,)*
                }
            }

            fn fits(self) -> Fits {
                match self {
                    $(Rule::$name => Fits::$fits,)*
                }
            }

            fn says(self) -> Says {
                match self {
                    $(Rule::$name => Says::$says,)*
                }
            }
        }
    };
}

rules! {
    IdChanged "ID_CHANGED" Always Nothing,
    TitleChanged "TITLE_CHANGED" Always Nothing,
    DescriptionChanged "DESCRIPTION_CHANGED" Always Nothing,
    DefaultChanged "DEFAULT_CHANGED" Always Nothing,
    SchemaAdded "SCHEMA_ADDED" Never Nothing,
    SchemaRemoved "SCHEMA_REMOVED" Always Nothing,
    TypeExtended "TYPE_EXTENDED" Always Nothing,
    TypeNarrowed "TYPE_NARROWED" Never OtherType,
    TypeChanged "TYPE_CHANGED" Never OtherType,
    MaxLengthAdded "MAX_LENGTH_ADDED" Never NotPresent,
    MaxLengthRemoved "MAX_LENGTH_REMOVED" Always Nothing,
    MaxLengthIncreased "MAX_LENGTH_INCREASED" Always Nothing,
    MaxLengthDecreased "MAX_LENGTH_DECREASED" Never Less,
    MinLengthAdded "MIN_LENGTH_ADDED" Never NotPresent,
    MinLengthRemoved "MIN_LENGTH_REMOVED" Always Nothing,
    MinLengthIncreased "MIN_LENGTH_INCREASED" Never More,
    MinLengthDecreased "MIN_LENGTH_DECREASED" Always Nothing,
    PatternAdded "PATTERN_ADDED" Never NotPresent,
    PatternRemoved "PATTERN_REMOVED" Always Nothing,
    PatternChanged "PATTERN_CHANGED" Never Different,
    MaximumAdded "MAXIMUM_ADDED" Never NotPresent,
    MaximumRemoved "MAXIMUM_REMOVED" Always Nothing,
    MaximumIncreased "MAXIMUM_INCREASED" Always Nothing,
    MaximumDecreased "MAXIMUM_DECREASED" Never Less,
    MinimumAdded "MINIMUM_ADDED" Never NotPresent,
    MinimumRemoved "MINIMUM_REMOVED" Always Nothing,
    MinimumIncreased "MINIMUM_INCREASED" Never More,
    MinimumDecreased "MINIMUM_DECREASED" Always Nothing,
    ExclusiveMaximumAdded "EXCLUSIVE_MAXIMUM_ADDED" Never NotPresent,
    ExclusiveMaximumRemoved "EXCLUSIVE_MAXIMUM_REMOVED" Always Nothing,
    ExclusiveMaximumIncreased "EXCLUSIVE_MAXIMUM_INCREASED" Always Nothing,
    ExclusiveMaximumDecreased "EXCLUSIVE_MAXIMUM_DECREASED" Never Less,
    ExclusiveMinimumAdded "EXCLUSIVE_MINIMUM_ADDED" Never NotPresent,
    ExclusiveMinimumRemoved "EXCLUSIVE_MINIMUM_REMOVED" Always Nothing,
    ExclusiveMinimumIncreased "EXCLUSIVE_MINIMUM_INCREASED" Never More,
    ExclusiveMinimumDecreased "EXCLUSIVE_MINIMUM_DECREASED" Always Nothing,
    MultipleOfAdded "MULTIPLE_OF_ADDED" Never NotPresent,
    MultipleOfRemoved "MULTIPLE_OF_REMOVED" Always Nothing,
    MultipleOfExpanded "MULTIPLE_OF_EXPANDED" Never More,
    MultipleOfReduced "MULTIPLE_OF_REDUCED" Always Nothing,
    MultipleOfChanged "MULTIPLE_OF_CHANGED" Never Different,
    RequiredAttributeAdded "REQUIRED_ATTRIBUTE_ADDED" Never NotPresent,
    RequiredAttributeWithDefaultAdded "REQUIRED_ATTRIBUTE_WITH_DEFAULT_ADDED" Always Nothing,
    RequiredAttributeRemoved "REQUIRED_ATTRIBUTE_REMOVED" Always Nothing,
    MaxPropertiesAdded "MAX_PROPERTIES_ADDED" Never NotPresent,
    MaxPropertiesRemoved "MAX_PROPERTIES_REMOVED" Always Nothing,
    MaxPropertiesIncreased "MAX_PROPERTIES_INCREASED" Always Nothing,
    MaxPropertiesDecreased "MAX_PROPERTIES_DECREASED" Never Less,
    MinPropertiesAdded "MIN_PROPERTIES_ADDED" Never NotPresent,
    MinPropertiesRemoved "MIN_PROPERTIES_REMOVED" Always Nothing,
    MinPropertiesIncreased "MIN_PROPERTIES_INCREASED" Never More,
    MinPropertiesDecreased "MIN_PROPERTIES_DECREASED" Always Nothing,
    AdditionalPropertiesAdded "ADDITIONAL_PROPERTIES_ADDED" Always Nothing,
    AdditionalPropertiesRemoved "ADDITIONAL_PROPERTIES_REMOVED" Lenient NotPresent,
    AdditionalPropertiesExtended "ADDITIONAL_PROPERTIES_EXTENDED" Always Nothing,
    AdditionalPropertiesNarrowed "ADDITIONAL_PROPERTIES_NARROWED" Lenient FewerElements,
    UnevaluatedPropertiesAdded "UNEVALUATED_PROPERTIES_ADDED" Always Nothing,
    UnevaluatedPropertiesRemoved "UNEVALUATED_PROPERTIES_REMOVED" Lenient NotPresent,
    UnevaluatedPropertiesExtended "UNEVALUATED_PROPERTIES_EXTENDED" Always Nothing,
    UnevaluatedPropertiesNarrowed "UNEVALUATED_PROPERTIES_NARROWED" Lenient FewerElements,
    DependencyArrayAdded "DEPENDENCY_ARRAY_ADDED" Never NotPresent,
    DependencyArrayRemoved "DEPENDENCY_ARRAY_REMOVED" Always Nothing,
    DependencyArrayExtended "DEPENDENCY_ARRAY_EXTENDED" Never MoreElements,
    DependencyArrayNarrowed "DEPENDENCY_ARRAY_NARROWED" Always Nothing,
    DependencyArrayChanged "DEPENDENCY_ARRAY_CHANGED" Never Different,
    DependencySchemaAdded "DEPENDENCY_SCHEMA_ADDED" Never NotPresent,
    DependencySchemaRemoved "DEPENDENCY_SCHEMA_REMOVED" Always Nothing,
    PropertyWithEmptySchemaAddedToOpen "PROPERTY_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL" Always Nothing,
    RequiredPropertyWithDefaultAddedToOpen
        "REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_OPEN_CONTENT_MODEL" Lenient AddedToOpen,
    RequiredPropertyAddedToOpen "REQUIRED_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL" Never AddedToOpen,
    OptionalPropertyAddedToOpen "OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL" Lenient AddedToOpen,
    RequiredPropertyWithDefaultAddedToUnopen
        "REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_UNOPEN_CONTENT_MODEL" Always Nothing,
    RequiredPropertyAddedToUnopen "REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL" Never RequiredAddedToUnopen,
    OptionalPropertyAddedToUnopen "OPTIONAL_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL" Always Nothing,
    PropertyWithFalseRemovedFromClosed "PROPERTY_WITH_FALSE_REMOVED_FROM_CLOSED_CONTENT_MODEL" Always Nothing,
    PropertyRemovedFromClosed "PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL" Lenient RemovedFromClosed,
    PropertyRemovedFromOpen "PROPERTY_REMOVED_FROM_OPEN_CONTENT_MODEL" Always Nothing,
    PropertyAddedIsCovered "PROPERTY_ADDED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL" Always Nothing,
    PropertyAddedNotCovered "PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL" Lenient AddedNotCovered,
    PropertyRemovedIsCovered "PROPERTY_REMOVED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL" Always Nothing,
    PropertyRemovedNotCovered
        "PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL" Lenient RemovedNotCovered,
    MaxItemsAdded "MAX_ITEMS_ADDED" Never NotPresent,
    MaxItemsRemoved "MAX_ITEMS_REMOVED" Always Nothing,
    MaxItemsIncreased "MAX_ITEMS_INCREASED" Always Nothing,
    MaxItemsDecreased "MAX_ITEMS_DECREASED" Never Less,
    MinItemsAdded "MIN_ITEMS_ADDED" Never NotPresent,
    MinItemsRemoved "MIN_ITEMS_REMOVED" Always Nothing,
    MinItemsIncreased "MIN_ITEMS_INCREASED" Never More,
    MinItemsDecreased "MIN_ITEMS_DECREASED" Always Nothing,
    MaxContainsAdded "MAX_CONTAINS_ADDED" Never NotPresent,
    MaxContainsRemoved "MAX_CONTAINS_REMOVED" Always Nothing,
    MaxContainsIncreased "MAX_CONTAINS_INCREASED" Always Nothing,
    MaxContainsDecreased "MAX_CONTAINS_DECREASED" Never Less,
    MinContainsAdded "MIN_CONTAINS_ADDED" Never NotPresent,
    MinContainsRemoved "MIN_CONTAINS_REMOVED" Always Nothing,
    MinContainsIncreased "MIN_CONTAINS_INCREASED" Never More,
    MinContainsDecreased "MIN_CONTAINS_DECREASED" Always Nothing,
    UniqueItemsAdded "UNIQUE_ITEMS_ADDED" Never NotPresent,
    UniqueItemsRemoved "UNIQUE_ITEMS_REMOVED" Always Nothing,
    AdditionalItemsAdded "ADDITIONAL_ITEMS_ADDED" Always Nothing,
    AdditionalItemsRemoved "ADDITIONAL_ITEMS_REMOVED" Never NotPresent,
    AdditionalItemsExtended "ADDITIONAL_ITEMS_EXTENDED" Always Nothing,
    AdditionalItemsNarrowed "ADDITIONAL_ITEMS_NARROWED" Never FewerElements,
    UnevaluatedItemsAdded "UNEVALUATED_ITEMS_ADDED" Always Nothing,
    UnevaluatedItemsRemoved "UNEVALUATED_ITEMS_REMOVED" Never NotPresent,
    UnevaluatedItemsExtended "UNEVALUATED_ITEMS_EXTENDED" Always Nothing,
    UnevaluatedItemsNarrowed "UNEVALUATED_ITEMS_NARROWED" Never FewerElements,
    ItemWithEmptySchemaAddedToOpen "ITEM_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL" Always Nothing,
    ItemAddedToOpen "ITEM_ADDED_TO_OPEN_CONTENT_MODEL" Never AddedToOpen,
    ItemAddedToClosed "ITEM_ADDED_TO_CLOSED_CONTENT_MODEL" Always Nothing,
    ItemWithFalseRemovedFromClosed "ITEM_WITH_FALSE_REMOVED_FROM_CLOSED_CONTENT_MODEL" Always Nothing,
    ItemRemovedFromClosed "ITEM_REMOVED_FROM_CLOSED_CONTENT_MODEL" Never RemovedFromClosed,
    ItemRemovedFromOpen "ITEM_REMOVED_FROM_OPEN_CONTENT_MODEL" Always Nothing,
    ItemAddedIsCovered "ITEM_ADDED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL" Always Nothing,
    ItemAddedNotCovered "ITEM_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL" Never AddedNotCovered,
    ItemRemovedIsCovered "ITEM_REMOVED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL" Always Nothing,
    ItemRemovedNotCovered "ITEM_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL" Never RemovedNotCovered,
    EnumArrayExtended "ENUM_ARRAY_EXTENDED" Always Nothing,
    EnumArrayNarrowed "ENUM_ARRAY_NARROWED" Never FewerElements,
    EnumArrayChanged "ENUM_ARRAY_CHANGED" Never OtherType,
    CombinedTypeExtended "COMBINED_TYPE_EXTENDED" Always Nothing,
    CombinedTypeChanged "COMBINED_TYPE_CHANGED" Never OtherType,
    CombinedTypeSubschemasChanged "COMBINED_TYPE_SUBSCHEMAS_CHANGED" Never OtherType,
    ProductTypeExtended "PRODUCT_TYPE_EXTENDED" Never MoreElements,
    ProductTypeNarrowed "PRODUCT_TYPE_NARROWED" Always Nothing,
    SumTypeExtended "SUM_TYPE_EXTENDED" Always Nothing,
    SumTypeNarrowed "SUM_TYPE_NARROWED" Never FewerElements,
    NotTypeExtended "NOT_TYPE_EXTENDED" Never MoreElements,
    NotTypeNarrowed "NOT_TYPE_NARROWED" Always Nothing,
    UnsupportedReference "UNSUPPORTED_EXTERNAL_REFERENCE" Never Unsupported,
}

impl Rule {
    /// Does data flow in spite of the difference?
    pub fn is_compatible(self, policy: CompatibilityPolicy) -> bool {
        match self.fits() {
            Fits::Always => true,
            Fits::Lenient => policy == CompatibilityPolicy::Lenient,
            Fits::Never => false,
        }
    }
}

impl Explain for Rule {
    fn as_str(&self) -> &'static str {
        self.name()
    }

    /// Nothing in it is escaped, and the quotation marks are the reference's.
    fn message(&self, finding: &Finding) -> String {
        let (path, words) = (&finding.at, finding.direction.words());
        let (reader, writer) = (words.reader, words.writer);
        let description = match self.says() {
            Says::Unsupported => {
                return "A previous schema version contains an unsupported external reference".to_owned();
            }
            Says::Nothing => String::new(),
            Says::NotPresent => {
                format!("The keyword at path '{path}' in the {reader} schema is not present in the {writer} schema")
            }
            Says::More => format!(
                "The value at path '{path}' in the {reader} schema is more than its value in the {writer} schema"
            ),
            Says::Less => format!(
                "The value at path '{path}' in the {reader} schema is less than its value in the {writer} schema"
            ),
            Says::Different => {
                format!("The value at path '{path}' is different between the {reader} and {writer} schema")
            }
            Says::FewerElements => format!(
                "An array or combined type at path '{path}' has fewer elements in the {reader} schema than the {writer} schema"
            ),
            Says::MoreElements => format!(
                "An array or combined type at path '{path}' has more elements in the {reader} schema than the {writer} schema"
            ),
            Says::OtherType => {
                format!("A type at path '{path}' is different between the {reader} schema and the {writer} schema")
            }
            Says::AddedToOpen => format!(
                "The {reader} schema has an open content model and has a property or item at path '{path}' which is \
                 missing in the {writer} schema"
            ),
            Says::RequiredAddedToUnopen => format!(
                "The {reader} schema has an unopen content model and has a required property at path '{path}' which is \
                 missing in the {writer} schema"
            ),
            Says::RemovedFromClosed => format!(
                "The {reader} has a closed content model and is missing a property or item present at path '{path}' in \
                 the {writer} schema"
            ),
            Says::RemovedNotCovered => format!(
                "A property or item is missing in the {reader} schema but present at path '{path}' in the {writer} \
                 schema and is not covered by its partially open content model"
            ),
            Says::AddedNotCovered => format!(
                "The {reader} schema has a property or item at path '{path}' which is missing in the {writer} schema \
                 and is not covered by its partially open content model"
            ),
        };
        format!("{{errorType:\"{}\", description:\"{description}'}}", self.as_str())
    }

    fn advice(&self, finding: &Finding) -> Option<String> {
        advice(*self, finding.direction, &finding.at)
    }
}
