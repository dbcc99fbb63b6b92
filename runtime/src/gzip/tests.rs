//! What is assembled is what one reader of one member reads.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::bufread::GzDecoder;
use flate2::write::GzEncoder;
use proptest::prelude::*;

use super::{Block, Deflater, Member, Pieces};

#[derive(Clone, Debug)]
enum Part {
    Deflated(Vec<u8>),
    Stored(Vec<u8>),
    /// A block of several pieces.
    Block(Vec<Vec<u8>>),
}

impl Part {
    fn plain(&self) -> Vec<u8> {
        match self {
            Part::Deflated(bytes) | Part::Stored(bytes) => bytes.clone(),
            Part::Block(pieces) => pieces.concat(),
        }
    }
}

fn assemble(parts: &[Part]) -> Vec<u8> {
    let (mut out, mut deflater) = (Vec::new(), Deflater::to_keep());
    let mut member = Member::begin(&mut out);
    for part in parts {
        match part {
            Part::Deflated(bytes) => member.deflate(bytes, &mut out),
            Part::Stored(bytes) => member.store(bytes, &mut out),
            Part::Block(pieces) => {
                let mut making = Block::begin(&mut deflater);
                pieces.iter().for_each(|piece| making.copy(piece));
                member.block(&making.end(), &mut out);
            }
        }
    }
    member.end(&mut out);
    out
}

/// Reads the first member, and says what follows it.
fn read(bytes: &[u8]) -> std::io::Result<(Vec<u8>, usize)> {
    let (mut decoder, mut plain) = (GzDecoder::new(bytes), Vec::new());
    decoder.read_to_end(&mut plain)?;
    Ok((plain, decoder.into_inner().len()))
}

/// Objects as they are: much the same, and each a little different.
fn objects(from: u64, number: u64) -> Vec<u8> {
    (from..from + number)
        .flat_map(|n| {
            let random = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let uid = format!("{random:016x}-{:08x}", random.rotate_left(17));
            format!(
                r#"{{"apiVersion":"shop.example.com/v1","kind":"Widget","metadata":{{"resourceVersion":"{n}","name":"widget-{n}","namespace":"default","uid":"{uid}"}},"spec":{{"colour":"{}","replicas":{}}}}},"#,
                ["red", "green", "blue"][(n % 3) as usize],
                random % 17,
            )
            .into_bytes()
        })
        .collect()
}

fn part() -> impl Strategy<Value = Part> {
    // Random bytes, and bytes that compress well, up to more than one stored block or one step of a compressor.
    let bytes = prop_oneof![
        3 => prop::collection::vec(any::<u8>(), 0..200),
        2 => (0_u64..1000, 0_u64..400).prop_map(|(from, number)| objects(from, number)),
        1 => (any::<u64>(), 0_usize..100_000).prop_map(|(seed, length)| noise(seed, length)),
    ]
    .boxed();
    prop_oneof![
        bytes.clone().prop_map(Part::Deflated),
        bytes.clone().prop_map(Part::Stored),
        prop::collection::vec(bytes, 0..4).prop_map(Part::Block),
    ]
}

fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..length).map(|_| next()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_parts_are_one_member_of_their_bytes(parts in prop::collection::vec(part(), 0..8)) {
        let plain = parts.iter().flat_map(Part::plain).collect::<Vec<_>>();
        prop_assert_eq!(read(&assemble(&parts)).expect("a member"), (plain, 0));
    }
}

#[test]
fn a_flipped_bit_is_found() {
    let plain = objects(1, 6);
    let parts = [
        Part::Stored(b"{\"items\":[".to_vec()),
        Part::Block(vec![plain.clone()]),
        Part::Deflated(plain),
        Part::Stored(b"]}".to_vec()),
    ];
    let good = assemble(&parts);
    let expected = read(&good).expect("a member");
    // Behind the header, whose flags and times nothing protects.
    for bit in (10 * 8..good.len() * 8).step_by(7) {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        let found = read(&bad);
        assert!(found.as_ref().is_ok_and(|found| *found == expected) || found.is_err(), "bit {bit}");
    }
    // Data and checksum, each bit of which counts.
    for bit in (11 * 8..30 * 8).chain((good.len() - 8) * 8..good.len() * 8) {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        assert!(read(&bad).is_err(), "bit {bit}");
    }
}

#[test]
fn blocks_of_objects_are_not_larger_than_the_quickest_level_makes_of_the_whole() {
    let runs: Vec<_> = (0..30).map(|run| objects(run * 64, 64)).collect();
    let spliced = assemble(&runs.iter().map(|run| Part::Block(vec![run.clone()])).collect::<Vec<_>>());
    let streamed = assemble(&runs.iter().map(|run| Part::Deflated(run.clone())).collect::<Vec<_>>());
    let mut whole = GzEncoder::new(Vec::new(), Compression::fast());
    runs.iter().for_each(|run| whole.write_all(run).expect("memory takes everything"));
    let whole = whole.finish().expect("memory takes everything");
    assert!(spliced.len() <= whole.len(), "{} {}", spliced.len(), whole.len());
    assert!(streamed.len() <= whole.len(), "{} {}", streamed.len(), whole.len());
}
