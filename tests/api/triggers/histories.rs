//! Random histories over sockets: what several flows saw is compared with what happened in CLM, through outages, lost answers,
//! restarts and new sealing keys.

use std::collections::{HashMap, HashSet};

use sandbox::fault::Fault;
use sandbox::keys::RsaKey;

use crate::triggers::flow::{Flow, Stage};

const HISTORIES: u64 = 3;
const STEPS: u64 = 25;

/// Random numbers (xorshift64).
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % end
    }

    fn place(&mut self, end: usize) -> usize {
        usize::try_from(self.below(end as u64)).unwrap()
    }
}

/// A folder with its flows, and the changes that must be seen.
struct History {
    random: Random,
    folder: String,
    below: String,
    flows: Vec<(Flow, bool)>,
    /// Changes after the first poll: document and date, and whether the document is below the folder.
    ids: Vec<String>,
    keys: u64,
}

impl History {
    /// One change of the documents.
    fn change(&mut self, stage: &Stage) {
        if self.random.below(3) == 0 {
            stage.clm_later(1 + self.random.below(1500));
        }
        let count = self.ids.len();
        if count < 3 || self.random.below(3) == 0 {
            let added = [1, 1, 2, 7, 120][self.random.place(5)];
            // Two large imports do not have one date.
            stage.clm_later(u64::from(added > 7));
            for number in 0..added {
                let folder = if self.random.below(3) == 0 { &self.below } else { &self.folder };
                self.ids.push(stage.clm.add_document(&format!("Document {count} {number}.pdf"), folder, "x"));
            }
            return;
        }
        let id = &self.ids[self.random.place(count)];
        match self.random.below(6) {
            0 => stage.clm.trash(id, true),
            1 => stage.clm.move_document(id, if self.random.below(2) == 0 { &self.below } else { &self.folder }, false),
            2 => stage.clm.rename(id, "Renamed.pdf"),
            3 => stage.clm.add_version(id, "newer"),
            _ => stage.clm.touch(id),
        }
    }

    async fn disturb(&mut self, stage: &mut Stage) {
        match self.random.below(8) {
            0 => stage.restart(&[]).await,
            1 => {
                self.keys += 1;
                stage.rotate_sealing_key(&format!("file:key{}.pem", self.keys % 2)).await;
                // Every flow polls with the new key before the old one goes.
                self.poll(stage).await;
            }
            2 => stage.clm.faults.once(Fault::Status(500)),
            3 => stage.clm.faults.once(Fault::Throttle(None)),
            4 => stage.clm.faults.once(Fault::Body("<html>".to_owned())),
            5 => stage.clm.faults.once(Fault::Cut),
            6 => {
                let ids = self.ids.clone();
                let chosen = ids.get(self.random.place(ids.len().max(1))).cloned();
                stage.clm.after_next_call(move |clm| chosen.iter().for_each(|id| clm.trash(id, true)));
            }
            _ => {
                let folder = self.folder.clone();
                stage.clm.after_next_call(move |clm| drop(clm.add_document("Meanwhile.pdf", &folder, "x")));
            }
        }
    }

    async fn poll(&mut self, stage: &Stage) {
        for (flow, _) in &mut self.flows {
            if self.random.below(6) == 0 {
                // The answer is lost.
                stage.get(&flow.next).await;
            }
            let answer = flow.poll(stage).await;
            assert!(matches!(answer.status.as_u16(), 200 | 202 | 503), "{} {}", answer.status, answer.text());
        }
    }

    async fn run(&mut self, stage: &mut Stage) {
        for (flow, _) in &mut self.flows {
            assert_eq!(flow.poll(stage).await.status, 202);
        }
        for _ in 0..STEPS {
            match self.random.below(5) {
                0 => self.disturb(stage).await,
                1 => self.poll(stage).await,
                2 => stage.later(31),
                _ => self.change(stage),
            }
        }
        // Faults that did not strike yet come first.
        let (mut calm, mut polls) = (0, 0);
        while calm < 3 {
            stage.later(61);
            let mut is_calm = true;
            for (flow, _) in &mut self.flows {
                let answer = flow.poll(stage).await;
                is_calm &= answer.status == 202 && answer.header("retry-after") == "60";
            }
            (calm, polls) = (if is_calm { calm + 1 } else { 0 }, polls + 1);
            assert!(polls < 100, "it never ends");
        }
    }

    /// Every document is as its flows saw it last, and no change was seen twice.
    fn check(&self, stage: &Stage, number: u64) {
        let now = stage.clm.documents_now();
        for (flow, with_below) in &self.flows {
            let mut events = HashSet::new();
            let mut last = HashMap::new();
            for event in &flow.events {
                assert!(events.insert(event["EventId"].to_string()), "history {number}: twice {event}");
                last.insert(event["Uid"].as_str().unwrap(), event["UpdatedDate"].as_str().unwrap());
            }
            for (id, name, date, folder) in &now {
                let is_here = *folder == self.folder || (*with_below && *folder == self.below);
                if is_here && name != "Old.pdf" {
                    assert_eq!(last.get(id.as_str()), Some(&date.as_str()), "history {number}: {name}");
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn flows_see_what_happened_through_outages_restarts_and_new_keys() {
    let mut stage = Stage::start().await;
    for key in 0..2 {
        stage.app.add_file(&format!("key{key}.pem"), &RsaKey::generate().pkcs8_pem());
    }
    for number in 0..HISTORIES {
        let folder = stage.folder(&format!("History {number}"));
        let below = stage.clm.add_folder("Below", &folder);
        stage.clm.add_document("Old.pdf", &folder, "x");
        let flows = [false, true, true].map(|with_below| {
            let trigger = format!("clm/documents?folder={folder}&subfolders={with_below}&name=*.pdf");
            (Flow::new(&stage, &trigger), with_below)
        });
        let random = Random(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let mut history = History { random, folder, below, flows: flows.into(), ids: Vec::new(), keys: number };
        history.run(&mut stage).await;
        history.check(&stage, number);
    }
}
